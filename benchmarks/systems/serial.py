"""No parallelism at all: the reference, not a peer."""

from systems import base

NAME = "serial"
ROLE = "reference"
NEEDS = ()
MPI = False
ROOT_COMPUTES = True
HELLO = "print(list(map(abs, range(4))))"


def before(python, workers):
    return [python]


class Pool(base.Pool):
    def map(self, function, items):
        return list(map(function, items))

    def map_chunks(self, function, items):
        return map(function, items)

    def call_here(self, function, *args):
        return function(*args)

    def results_as_completed(self, function, items):
        return map(function, items)

    def submit(self, function, *args):
        raise base.NotOffered("one process")


def nested_map(function, items):
    return list(map(function, items))
