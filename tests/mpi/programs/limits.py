"""Calls that take longer than they may, in many ways."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any

import scoop_mpi
from scoop_mpi import futures
from scoop_mpi.errors import CallTimeout


def sleeps(x: int) -> int:
    """Sleep in a system call."""
    time.sleep(1000.0)
    return x


def spins(x: int) -> int:
    """Compute without end."""
    while True:
        x += 1


def stubborn(x: int) -> int:
    """Swallow the first interrupt."""
    try:
        time.sleep(1000.0)
    except BaseException:  # noqa: BLE001, S110  that is what is tried
        pass
    time.sleep(1000.0)
    return x


def waits(x: int) -> int:
    """Wait for a call of its own, which is not limited."""
    return futures.submit(slow, x).result()


def slow(x: int) -> int:
    """Take a second."""
    time.sleep(1.0)
    return x


def one_of_many(x: int) -> int:
    """Overrun in one call of a block."""
    if x == 57:
        time.sleep(1000.0)
    return x * x


def just(x: int) -> int:
    """Take just about as long as it may."""
    end = time.perf_counter() + 0.004 + (x % 5) * 0.0005
    while time.perf_counter() < end:
        pass
    return x * x


def keeps_the_lock(x: int) -> int:
    """Keep the interpreter lock in a C call; the root returns at once."""
    if not scoop_mpi.IS_ORIGIN:
        sum(range(10**13))  # one C call: no signal handler runs before it ends
    else:
        time.sleep(0.5)
    return x


def square(x: int) -> int:
    """Square."""
    return x * x


def is_interrupted(function: Callable[[int], int]) -> None:
    """See that a call of this function ends by its limit, in its own words."""
    future = futures.with_options(timeout=0.3).submit(function, 1)
    error: Any = future.exception(timeout=60)
    assert isinstance(error, CallTimeout), error
    assert isinstance(error, TimeoutError)
    assert str(error).startswith(f"{function.__name__} was interrupted after 0.3 s (Rank "), error


def main() -> None:
    """Try them, and see after each that all ranks still work."""
    which = sys.argv[1]
    if which == "lock":
        many = [futures.with_options(timeout=0.3).submit(keeps_the_lock, x) for x in range(8)]
        errors = [one.exception() for one in many]
        late = [error for error in errors if error is not None]
        assert late
        assert all(isinstance(error, CallTimeout) for error in late), late
        assert any("keeps_the_lock" in str(error) for error in late), late
    elif which == "just":
        right = 0
        for index, one in enumerate(
            [futures.with_options(timeout=0.005).submit(just, x) for x in range(1000)]
        ):
            with contextlib.suppress(CallTimeout):
                assert one.result() == index * index
                right += 1
        assert 0 < right < 1000, right
    else:
        for function in (sleeps, spins, stubborn, waits):
            is_interrupted(function)
            assert list(futures.map(square, range(200))) == [x * x for x in range(200)]
        many = futures.with_options(timeout=1.0).map(one_of_many, range(100))
        assert [next(many) for _ in range(57)] == [x * x for x in range(57)]
        with contextlib.suppress(CallTimeout):
            next(many)
            raise AssertionError("it was not interrupted")
        assert list(futures.with_options(timeout=60).map(square, [1, 2])) == [1, 4]
        assert sorted(futures.with_options(retries=0).map_as_completed(square, [3, 2])) == [4, 9]
    assert list(futures.map(square, range(200))) == [x * x for x in range(200)]
    print("right")


if __name__ == "__main__":
    main()
