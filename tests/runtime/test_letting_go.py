"""Iterators that are let go of anywhere, even under the lock, as the garbage collector may do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scoop_mpi import futures
from scoop_mpi._runtime import here
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.wire.transport import Alone


@pytest.fixture
def loop() -> Iterator[Loop]:
    """Be the loop of this process."""
    loop = Loop(Alone())
    here.install(loop)
    yield loop
    here.uninstall()


def test_as_completed(loop: Loop) -> None:
    """Nobody waits for the other futures any more, as soon as the lock is free."""
    calls = [futures.submit(abs, -number) for number in range(3)]
    done = futures.as_completed(calls)
    first = next(done)
    left = [call for call in calls if call is not first]
    with loop.lock:
        del done
    assert [len(call.task.waits) for call in left] == [1, 1]
    loop.catch_up()
    assert [len(call.task.waits) for call in left] == [0, 0]
    assert [call.result() for call in calls] == [0, 1, 2]


def test_a_stream(loop: Loop) -> None:
    """What nobody has started is dropped, as soon as the lock is free."""
    results = futures.map(abs, iter(range(100)), buffersize=10)
    assert next(results) == 0
    with loop.lock:
        del results
    assert loop.worker.has_work
    loop.catch_up()
    assert not loop.worker.has_work
