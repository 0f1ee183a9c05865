"""multiprocessing.Pool."""

import multiprocessing

from systems import base

NAME = "Pool"
ROLE = "peer"
NEEDS = ()
MPI = False
ROOT_COMPUTES = False
HELLO = """\
from multiprocessing import Pool
if __name__ == "__main__":
    with Pool(2) as pool:
        print(pool.map(abs, range(4)))
"""


def before(python, workers):
    return [python]


class Pool(base.Pool):
    def __enter__(self):
        self.pool = multiprocessing.Pool(self.workers)
        return self

    def __exit__(self, *_):
        self.pool.terminate()

    def map(self, function, items):
        return self.pool.map(function, items)

    map_chunks = map  # it chunks by itself

    def map_each(self, function, items):
        return self.pool.map(function, items, chunksize=1)

    def submit(self, function, *args):
        return self.pool.apply_async(function, args)

    def result(self, future):
        return future.get()

    def results_as_completed(self, function, items):
        return self.pool.imap_unordered(function, items)


nested_map = base.no_nested_map  # its workers may not have children
