"""Each worker's messages carry that worker's name."""

import scoop_mpi
from scoop_mpi import futures


def complain(number):
    scoop_mpi.logger.warning("This is warning %d of a worker!", number)


if __name__ == "__main__":
    list(futures.map(complain, range(4)))
