"""A hundred calls."""

from scoop_mpi import futures

if __name__ == "__main__":
    assert list(futures.map(abs, range(-50, 50))) == [abs(x) for x in range(-50, 50)]
