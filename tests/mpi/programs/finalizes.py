"""A call, and the program, try to end MPI under the others."""

import sys

from mpi4py import MPI

from scoop_mpi import futures
from scoop_mpi.errors import ScoopError


def finalize(_):
    MPI.Finalize()


def main():
    errors = [futures.submit(finalize, n).exception() for n in range(20)]
    assert all(type(error) is ScoopError for error in errors), errors
    try:
        MPI.Finalize()
    except ScoopError as error:
        print(error)
    print(sum(futures.map(abs, range(-100, 0))))
    sys.exit(4)


if __name__ == "__main__":
    main()
