"""mpi4py.futures. Its manager does not compute: one rank more than there are workers."""

from systems import base, executor, mpiexec

NAME = "mpi4py.futures"
ROLE = "peer"
NEEDS = ("mpi4py",)
MPI = True
ROOT_COMPUTES = False
HELLO = """\
from mpi4py.futures import MPIPoolExecutor
if __name__ == "__main__":
    with MPIPoolExecutor() as pool:
        print(list(pool.map(abs, range(4))))
"""


def before(python, workers):
    return [*mpiexec(python, workers + 1), python, "-W", "ignore", "-m", "mpi4py.futures"]


class Pool(executor.Pool):
    def make(self):
        from mpi4py.futures import MPIPoolExecutor

        return MPIPoolExecutor()


nested_map = base.no_nested_map
