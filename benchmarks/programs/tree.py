"""Microseconds a task of a tree of nested futures: fib(18) with a task for each call.

Prints the time, and the smallest part of the tasks that any rank ran.
"""

import sys
import time
from collections import Counter

import scoop_mpi
from scoop_mpi import futures

N = 18
TASKS = 8361 - 1
"""Calls of fib(18), the root's own not counted."""

ran = 0
"""Calls of fib on this rank."""


def fib(n):
    """Return the n-th Fibonacci number, with a task for each call."""
    global ran
    ran += 1
    if n < 2:
        return n
    left = futures.submit(fib, n - 1)
    right = futures.submit(fib, n - 2)
    return left.result() + right.result()


def counted(_):
    """Return which rank this is, and how many calls it ran, after a while: so each rank answers."""
    time.sleep(0.02)
    return scoop_mpi.worker, ran


if __name__ == "__main__":
    fib(N)
    started = time.perf_counter()
    assert fib(N) == 2584
    seconds = time.perf_counter() - started
    ranks = Counter()
    while len(ranks) < scoop_mpi.SIZE:
        ranks |= Counter(dict(futures.map(counted, range(4 * scoop_mpi.SIZE))))
    share = min(ranks.values()) / sum(ranks.values())
    print(seconds / TASKS * 1e6, share, file=sys.stdout)
