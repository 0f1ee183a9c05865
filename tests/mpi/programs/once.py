"""What each rank makes once, and keeps."""

from __future__ import annotations

import time

import scoop_mpi
from scoop_mpi import futures


@futures.once_per_rank
def made(name: str, size: int = 1) -> list[str]:
    """Make something that tells by whom, and when, it was made."""
    time.sleep(0.01)
    return [name * size, scoop_mpi.worker, str(time.time_ns())]


def use(x: int) -> tuple[str, ...]:
    """Use it."""
    assert made("a") is made("a")
    assert made("a") is not made("b", size=2)
    return tuple(made("a"))


def main() -> None:
    """See that there is one of each on each rank, however it got there."""
    kept = {*futures.map(use, range(100))}
    assert len({rank for _, rank, _ in kept}) == len(kept) <= scoop_mpi.SIZE, kept
    again = {*futures.map(lambda _: tuple(made("a")), range(100))}
    again |= {tuple(one) for one in futures.map(made, ["a"] * 100)}
    assert len({rank for _, rank, _ in kept | again}) == len(kept | again) <= scoop_mpi.SIZE
    before = made("a")
    made.forget()
    assert made("a") is not before
    try:
        made(["a"])
    except TypeError as error:
        assert "hashable" in str(error)
    else:
        raise AssertionError("a list is no name")
    print("ok")


if __name__ == "__main__":
    main()
