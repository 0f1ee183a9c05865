"""Lacks the guard, and takes longer than the other ranks need to come up."""

import time

from scoop_mpi import futures


def slow(x):
    time.sleep(0.2)
    return x


time.sleep(0.5)
print(list(futures.map(slow, range(100))))
