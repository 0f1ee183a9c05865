"""scoop_mpi. The root computes too while it waits."""

from systems import base

NAME = "scoop_mpi"
ROLE = "ours"
NEEDS = ("mpi4py", "greenlet", "numpy", "cloudpickle")
MPI = True
ROOT_COMPUTES = True
HELLO = """\
from scoop_mpi import futures
if __name__ == "__main__":
    print(list(futures.map(abs, range(4))))
"""


def before(python, workers):
    return [python, "-m", "scoop_mpi", "-n", str(workers)]


class Pool(base.Pool):
    def __enter__(self):
        from scoop_mpi import futures

        self.futures = futures
        return self

    def map(self, function, items):
        return list(self.futures.map(function, items))

    def submit(self, function, *args):
        return self.futures.submit(function, *args)

    def result(self, future):
        return future.result(timeout=60)  # a timeout offers the call to the other ranks first

    def result_here(self, future):
        return future.result()

    def as_completed(self, tasks):
        return self.futures.as_completed(tasks)

    def map_reduce(self, function, reduction, items):
        return self.futures.mapReduce(function, reduction, items)


def nested_map(function, items):
    from scoop_mpi import futures

    return list(futures.map(function, items))
