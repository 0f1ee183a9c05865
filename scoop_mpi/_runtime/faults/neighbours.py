"""The other ranks of this node, as processes: whether they still run.

An MPI library that outlives a rank does not notice every end: not that of a process which exits with
a code other than 0, and not that of one which is stopped. /proc tells.
"""

import contextlib
import os
import signal
from collections.abc import Callable
from typing import NamedTuple

from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.wire.transport import Mpi

_STATE, _STARTED = 0, 19
"""Fields of /proc/PID/stat after the name: the state, and when the process was started."""


class Process(NamedTuple):
    """A rank's process, as its node knows it."""

    node: str
    number: int
    started: str


class Neighbours:
    """The processes of all ranks. Made by all ranks at the same time.

    Args:
        patience_s: A rank that is stopped for so long is given up.

    Attributes:
        all: The process of each rank.
        mine: The other ranks of this node.
    """

    def __init__(self, transport: Mpi, patience_s: float) -> None:
        self._patience_s = patience_s
        own = Process(_node(), os.getpid(), _stat(os.getpid())[_STARTED])
        self._rank = transport.rank
        self.all = [Process(*words) for words in transport.everywhere(tuple(own))]
        self.mine = [
            rank
            for rank, process in enumerate(self.all)
            if process.node == own.node and rank != transport.rank
        ]
        self._stopped_since: dict[int, float] = {}

    def look(self, lost: set[int], is_overdue: Callable[[int], bool]) -> list[tuple[int, str]]:
        """Look after the ranks that are this rank's to watch.

        Each watches the next living rank of its node, in a ring; all watch the root.

        Returns:
            Ranks that have ended or are stopped for good, and what of these, in words.
        """
        moment = now()
        found = []
        for rank in self._watched(lost):
            state = self._state(rank)
            if state in ("", "Z", "X"):
                found.append((rank, "it has ended: it was killed, crashed, or left by itself"))
            elif state in ("T", "t"):
                since = self._stopped_since.setdefault(rank, moment)
                if moment - since > self._patience_s:
                    found.append((rank, f"it was stopped for {self._patience_s:g} s"))
            elif is_overdue(rank):
                found.append((rank, "a call could not be interrupted when its time was over"))
            else:
                self._stopped_since.pop(rank, None)
        return found

    def _watched(self, lost: set[int]) -> set[int]:
        living = [rank for rank in self.mine if rank not in lost]
        if not living:
            return set()
        following = min((rank for rank in living if rank > self._rank), default=living[0])
        return {following, 0} if living[0] == 0 else {following}

    def _state(self, rank: int) -> str:
        """Return the state letter of a rank's process; empty if it is gone."""
        process = self.all[rank]
        with contextlib.suppress(OSError, IndexError):
            fields = _stat(process.number)
            return fields[_STATE] if fields[_STARTED] == process.started else ""
        return ""

    def is_gone(self, rank: int, *, noticed: bool) -> bool:
        """Return whether a rank of this node has ended; `noticed`: and its parent knows it."""
        return self._state(rank) in (("",) if noticed else ("", "Z"))

    def kill(self, rank: int) -> None:
        """End a rank of this node at once."""
        if rank in self.mine and self._state(rank):
            with contextlib.suppress(OSError):
                os.kill(self.all[rank].number, signal.SIGKILL)


def _node() -> str:
    """Return a name for this host and its process numbers (a container has its own)."""
    space = ""
    with contextlib.suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return f"{os.uname().nodename} {space}"


def _stat(process: int) -> list[str]:
    with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()
