"""SCOOP 0.7.2. Its origin computes too."""

from systems import base

NAME = "SCOOP"
ROLE = "peer"
NEEDS = ("scoop",)
MPI = False
ROOT_COMPUTES = True
HELLO = """\
from scoop import futures
if __name__ == "__main__":
    print(list(futures.map(abs, range(4))))
"""


def before(python, workers):
    return [python, "-W", "ignore", "-m", "scoop", "-q", "-n", str(workers)]


class Pool(base.Pool):
    def __enter__(self):
        from scoop import futures

        self.futures = futures
        return self

    def map(self, function, items):
        return list(self.futures.map(function, items))

    def submit(self, function, *args):
        return self.futures.submit(function, *args)

    def result_here(self, future):
        return future.result()

    def as_completed(self, tasks):
        return self.futures.as_completed(tasks)

    def map_reduce(self, function, reduction, items):
        return self.futures.mapReduce(function, reduction, items)


def nested_map(function, items):
    from scoop import futures

    return list(futures.map(function, items))
