"""Whose clock says what: each rank's time as the time of rank 0.

Ranks of one host have one clock. Others exchange at the start: rank 0's time comes after some latency,
which is least in one of several rounds. At the end, two messages say between which bounds the
difference must lie: Halt went out before it came in, and so did the answer. Only if the first
estimate is out of these bounds has a clock drifted, and it is then moved to the nearest of them.
"""

from __future__ import annotations

from typing import Protocol

from scoop_mpi._runtime.post import now

_ROUNDS = 8


class Exchange(Protocol):
    """What is needed of a transport, before anything is sent."""

    def from_root(self, value: object) -> object:
        """Return rank 0's value on every rank."""

    def everywhere(self, value: object) -> list[object]:
        """Return every rank's value on every rank."""


def first_offset(transport: Exchange) -> float:
    """Return what is to be added to this rank's time to make it rank 0's. Every rank calls it."""
    machine = _machine()
    same = transport.from_root(machine) == machine
    best = -float("inf")
    for _ in range(_ROUNDS):
        transport.everywhere(None)  # so that all listen before rank 0 speaks
        told = transport.from_root(now())
        assert isinstance(told, float)
        best = max(best, told - now())
    return 0.0 if same else best


def last_offset(first: float, halted: tuple[float, float], answered: tuple[float, float]) -> float:
    """Return the offset at the end.

    Args:
        first: That of the start.
        halted: When rank 0 sent Halt, by its clock, and when it came, by the other's.
        answered: When the other answered, by its clock, and when that came, by rank 0's.
    """
    least = halted[0] - halted[1]
    most = answered[1] - answered[0]
    return max(least, min(first, most))


def _machine() -> str:
    """Return what names this host since it was started."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read()
    except OSError:
        import os  # noqa: PLC0415  the rare path

        return os.uname().nodename
