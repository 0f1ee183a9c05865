"""A look takes all that has come, though MPI may show it one message at a time."""

from __future__ import annotations

from collections import deque

from scoop_mpi._kernel.protocol import Ready
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.values.codec import pack
from scoop_mpi._runtime.wire.transport import Frames


class Shy:
    """A transport whose every other look only fetches what the next one finds, as Open MPI's does."""

    rank = 0
    ranks = 4
    busy = False
    failed: set[int] = set()  # noqa: RUF012  nobody fails

    def __init__(self) -> None:
        self._come = deque((sender, pack([(Ready(), None)])) for sender in (1, 2, 3))
        self._fetched: list[tuple[int, Frames]] = []

    def send(self, rank: int, frames: Frames) -> None:
        """Never called."""
        raise AssertionError((rank, frames))

    def poll(self) -> list[tuple[int, Frames]]:
        """Return what was fetched before, or fetch one more message."""
        if self._fetched:
            found, self._fetched = self._fetched, []
            return found
        if self._come:
            self._fetched.append(self._come.popleft())
        return []

    def close(self) -> None:
        """Do nothing."""


def test_a_look_leaves_nothing_behind() -> None:
    """Else a rank that computes would hear of it at the next ring, which may never come."""
    loop = Loop(Shy())
    with loop.lock:
        assert loop.look()
    assert loop.ready == {1, 2, 3}
