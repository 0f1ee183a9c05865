"""A program that lacks the conditional barrier around what only the root should do."""

from scoop_mpi import futures


def double(x):
    return 2 * x


print(list(futures.map(double, range(20))))
