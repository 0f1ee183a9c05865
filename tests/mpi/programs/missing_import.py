"""Needs a library that no rank has."""

import no_such_library  # noqa: F401

from scoop_mpi import futures

if __name__ == "__main__":
    print(list(futures.map(abs, range(3))))
