"""schwimmbad's MPIPool: no futures, spins, dies on errors. Shown with the limits, not as a peer."""

import sys

from systems import base, mpiexec

NAME = "schwimmbad"
ROLE = "limit"
NEEDS = ("schwimmbad", "mpi4py")
MPI = True
ROOT_COMPUTES = False
HELLO = """\
import sys
from schwimmbad import MPIPool
with MPIPool() as pool:
    if not pool.is_master():
        pool.wait()
        sys.exit(0)
    print(list(pool.map(abs, range(4))))
"""


def before(python, workers):
    return [*mpiexec(python, workers + 1), python, "-W", "ignore"]


class Pool(base.Pool):
    def __enter__(self):
        from schwimmbad import MPIPool

        self.pool = MPIPool()
        if not self.pool.is_master():
            self.pool.wait()
            sys.exit(0)
        return self

    def __exit__(self, *_):
        self.pool.close()

    def map(self, function, items):
        return list(self.pool.map(function, items))

    def call(self, function, *args):
        return next(iter(self.pool.map(function, [args[0] if args else None])))


nested_map = base.no_nested_map
