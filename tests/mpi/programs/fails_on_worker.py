"""A program that can be imported on the root only."""

from scoop_mpi import IS_ORIGIN, futures

if not IS_ORIGIN:
    raise ImportError("no such library on this rank")

if __name__ == "__main__":
    print(list(futures.map(abs, range(3))))
