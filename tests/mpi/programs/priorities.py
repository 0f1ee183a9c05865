"""Calls with priorities, while the root is busy: the worker runs the urgent ones first."""

from __future__ import annotations

import itertools
import time

from scoop_mpi import futures

turns = itertools.count()


def nap(x: int) -> tuple[int, int]:
    """Take a while; tell which turn of its rank this was."""
    time.sleep(0.005)
    return x, next(turns)


def main() -> None:
    """Make many calls, then a few urgent ones, and be busy until another rank has run them all."""
    low = futures.with_options(priority=-1).map(nap, range(5))
    plain = [futures.submit(nap, x) for x in range(100)]
    urgent = [futures.with_options(priority=3, timeout=60).submit(nap, x) for x in range(5)]
    late = futures.with_options(priority=3).map(nap, range(5))
    while not all(one.task.finished for one in plain):
        time.sleep(0.01)
    turns_of = {
        name: [turn for _, turn in (one.result() for one in many)]
        for name, many in (("plain", plain), ("urgent", urgent))
    }
    turns_of["late"] = [turn for _, turn in late]
    turns_of["low"] = [turn for _, turn in low]
    assert max(turns_of["urgent"] + turns_of["late"]) < sorted(turns_of["plain"])[50], turns_of
    assert sorted(futures.with_options(priority=7).map_as_completed(abs, range(-3, 0))) == [1, 2, 3]
    print("ok")


if __name__ == "__main__":
    main()
