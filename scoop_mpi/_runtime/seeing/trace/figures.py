"""Sums and shares of a run."""

from __future__ import annotations

from typing import NamedTuple

from scoop_mpi._runtime.seeing.trace.recorder import CALL, LONGEST, PROGRAM, START, WAIT
from scoop_mpi._runtime.seeing.trace.run import Long, RankRecord, Run


class Share(NamedTuple):
    """What one rank did, as parts of the run's time."""

    rank: int
    host: str
    calls: float
    program: float
    waits: float
    idle: float
    """Also before it began and after it ended."""

    starts: float


class Sum(NamedTuple):
    """All calls of one function, on all ranks."""

    name: str
    calls: int
    own_s: float
    """How long ranks ran it, waits not included."""

    seconds: float
    """From start to end, waits included."""

    longest_s: float
    buckets: dict[int, int]
    ranks: int
    """How many ranks ran it."""

    @property
    def mean_s(self) -> float:
        """How long one call takes, waits included."""
        return self.seconds / max(1, self.calls)


def shares(run: Run) -> list[Share]:
    """Return what each rank did."""
    whole = run.seconds or 1.0
    found = []
    for record in run.sorted():
        calls, program, waits, starts = (
            record.seconds(kind) / whole for kind in (CALL, PROGRAM, WAIT, START)
        )
        idle = max(0.0, 1.0 - calls - program - waits - starts)
        found.append(Share(record.rank, record.host, calls, program, waits, idle, starts))
    return found


def functions(run: Run) -> list[Sum]:
    """Return the functions, those that took most first."""
    sums: dict[str, Sum] = {}
    for record in run.sorted():
        own = _own_seconds(record)
        for name, function in record.functions.items():
            before = sums.get(name) or Sum(name, 0, 0.0, 0.0, 0.0, {}, 0)
            buckets = dict(before.buckets)
            for bucket, calls in function.buckets.items():
                buckets[bucket] = buckets.get(bucket, 0) + calls
            sums[name] = Sum(
                name,
                before.calls + function.calls,
                before.own_s + own.get(name, 0.0),
                before.seconds + function.seconds,
                max(before.longest_s, function.longest_s),
                buckets,
                before.ranks + 1,
            )
    return sorted(sums.values(), key=lambda sum_: -sum_.own_s)


def _own_seconds(record: RankRecord) -> dict[str, float]:
    own: dict[str, float] = {}
    for (kind, name), total in zip(record.names, record.totals, strict=True):
        if kind == CALL:
            own[name] = own.get(name, 0.0) + total
    return own


def longest(run: Run) -> list[Long]:
    """Return the longest calls of all, the longest first."""
    found = [call for record in run.sorted() for call in record.longest]
    return sorted(found, key=lambda call: -call.seconds)[:LONGEST]


def waited_for(record: RankRecord) -> tuple[str, float]:
    """Return for which function a rank waited longest, and how long."""
    waits = [
        (total, name)
        for (kind, name), total in zip(record.names, record.totals, strict=True)
        if kind == WAIT
    ]
    total, name = max(waits, default=(0.0, ""))
    return name, total


def last_calls(run: Run) -> dict[int, tuple[float, str]]:
    """Return for each rank when its last call ended, and of what function that was."""
    found = {}
    for record in run.sorted():
        for start_s, stop_s, what in reversed(record.slices):
            kind, name = record.names[what]
            if kind == CALL and stop_s > start_s:
                found[record.rank] = stop_s, name
                break
    return found
