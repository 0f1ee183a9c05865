"""Calls that leave a mark each time they run.

HOW=... python -m scoop_mpi --journal DIR journalled.py MARKS CALLS
"""

from __future__ import annotations

import os
import sys
import time

from scoop_mpi import futures


def how() -> str:
    """Return what is to happen: not part of what a call is, so that the next run can differ."""
    return os.environ.get("HOW", "")


def helper(x: int) -> int:
    """Square: what the calls stand on."""
    return x * x


def work(x: int) -> int:
    """Leave a mark, take a while, and return a number."""
    with open(os.environ["MARKS"], "a", encoding="utf-8") as file:
        file.write(f"{x}\n")
    if how() == "slow":
        time.sleep(0.1)
    if how() == "fails" and x == 3:
        raise ValueError(x)
    return helper(x)


def both(x: int) -> list[int]:
    """Return what other calls return, which are not the root's."""
    return list(futures.map(work, [x, x + 1]))


def main() -> None:
    """Map, submit, and say what came of it."""
    calls = int(sys.argv[1])
    if how() == "nested":
        assert list(futures.map(both, range(calls))) == [
            [x * x, (x + 1) * (x + 1)] for x in range(calls)
        ]
    elif how() == "fails":
        many = [futures.submit(work, x) for x in range(calls)]
        assert [type(one.exception()) for one in many].count(ValueError) == 1
    elif how() == "kill":
        for done, _ in enumerate(futures.map_as_completed(work, range(calls))):
            if done == calls // 2:
                time.sleep(0.5)
                os.kill(os.getpid(), 9)
    elif how() == "submit":
        many = [futures.submit(work, x) for x in range(calls)]
        assert [one.result() for one in many] == [x * x for x in range(calls)]
    else:
        assert list(futures.map(work, range(calls))) == [x * x for x in range(calls)]
    print("right")


if __name__ == "__main__":
    main()
