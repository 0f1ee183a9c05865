"""concurrent.futures.ProcessPoolExecutor."""

from concurrent import futures

from systems import base

NAME = "Executor"
ROLE = "peer"
NEEDS = ()
MPI = False
ROOT_COMPUTES = False
HELLO = """\
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(abs, range(4))))
"""


def before(python, workers):
    return [python]


class Pool(base.Pool):
    """Also for every other executor of PEP 3148."""

    def make(self):
        return futures.ProcessPoolExecutor(self.workers)

    def __enter__(self):
        self.pool = self.make()
        return self

    def __exit__(self, *_):
        self.pool.shutdown()

    def map(self, function, items):
        return list(self.pool.map(function, items))

    def map_chunks(self, function, items):
        return list(self.pool.map(function, items, chunksize=self.chunk(items)))

    def submit(self, function, *args):
        return self.pool.submit(function, *args)

    def as_completed(self, tasks):
        return futures.as_completed(tasks)


nested_map = base.no_nested_map  # a call that waits for calls of its own waits for ever
