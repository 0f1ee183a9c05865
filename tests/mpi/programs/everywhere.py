"""Calls on every rank, and initializers; the first argument says what goes wrong."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import scoop_mpi
from scoop_mpi import futures
from scoop_mpi.errors import WorkerLost

HOW = sys.argv[1] if len(sys.argv) > 1 else ""
ready: list[str] = []


def prepare(name: str, *, at: tuple[int, ...] = ()) -> None:
    """Note that this was called here; fail on some ranks."""
    assert threading.current_thread() is threading.main_thread()
    time.sleep(0.02)
    if rank() in at:
        raise LookupError(f"no {name} here")
    ready.append(name)


def rank() -> int:
    """Return this rank."""
    return int(scoop_mpi.worker.rpartition(":")[2])


def use(_: int) -> tuple[str, ...]:
    """Tell what has been prepared here."""
    return tuple(ready)


def nested(x: int) -> list[tuple[str, ...]]:
    """Let others tell as well."""
    return [tuple(ready), *futures.map(use, range(x))]


def who(add: int = 0) -> int:
    """Return this rank, and more."""
    assert threading.current_thread() is threading.main_thread()
    return rank() + add


def fails_on(number: int) -> int:
    """Fail there."""
    if rank() >= number:
        raise LookupError(f"I am {rank()}")
    return rank()


def dies_on(number: int) -> int:
    """End the rank of that number."""
    if rank() == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return rank()


def everyone_asks(add: int) -> list[int]:
    """Make a call on every rank from within a call."""
    return futures.run_everywhere(who, add)


def polls() -> None:
    """Look at a future again and again: what others want from this rank is done meanwhile."""
    future = futures.submit(everyone_asks, 5)
    while not future.done():
        time.sleep(0.001)
    assert future.result() == [x + 5 for x in range(scoop_mpi.SIZE)]


def main() -> None:
    """Do what the first argument says."""
    n = scoop_mpi.SIZE
    if HOW == "fails":
        futures.initialize(prepare, "table", at=tuple(range(1, n)))
        while True:  # until the job ends
            assert set(futures.map(use, range(100))) == {("table",)}
    elif HOW == "dies":
        first, second = (futures.run_everywhere(dies_on, n - 1) for _ in range(2))
        assert first[:-1] == second[:-1] == list(range(n - 1)), (first, second)
        for lost in (first[-1], second[-1]):
            assert isinstance(lost, WorkerLost), lost
            print(lost)
        *living, dead = scoop_mpi.statistics().ranks
        assert dead is None and None not in living
        assert living[0].lost == 1, "the call that it died of; the second was never there"
    else:
        slow = futures.map(time.sleep, [0.05] * n)
        futures.initialize(prepare, "one")
        assert ready == ["one"]
        assert set(futures.map(use, range(200))) == {("one",)}
        for found in futures.map(nested, [3] * 20):
            assert set(found) == {("one",)}
        futures.initialize(prepare, "two")
        futures.initialize(lambda: prepare("three"))
        assert set(futures.map(use, range(200))) == {("one", "two", "three")}
        assert futures.run_everywhere(use, 0) == [("one", "two", "three")] * n
        list(slow)
        assert futures.run_everywhere(who, add=1) == list(range(1, n + 1))
        for add, found in enumerate(futures.map(everyone_asks, range(20))):
            assert found == [x + add for x in range(n)]
        polls()
        answers: list[list[int]] = []
        thread = threading.Thread(target=lambda: answers.append(futures.run_everywhere(rank)))
        thread.start()
        thread.join()
        assert answers == [list(range(n))]
        for raises in (lambda: futures.run_everywhere(fails_on, n - 1), bad_initializer):
            try:
                raises()
            except LookupError as error:
                print(f"raised: {error}; {error.__cause__}".replace("\n", " "))
            else:
                raise AssertionError("it raised nothing")
        assert len(ready) == 3
        assert futures.run_everywhere(os.getpid)[0] == os.getpid()
        print("ok")


def bad_initializer() -> None:
    """It fails here, so nobody else hears of it."""
    futures.initialize(prepare, "four", at=(0,))


if __name__ == "__main__":
    main()
