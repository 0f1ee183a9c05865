"""A run as it was recorded: all ranks, on the clock of rank 0, in seconds from its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple


def plain(key: str) -> str:
    """Return a function's name as its author knows it: without the program's own module."""
    return key.removeprefix("__main__.").replace("<locals>.", "")


class Slice(NamedTuple):
    """What a rank did for some time."""

    start_s: float
    stop_s: float
    what: int
    """A number in `RankRecord.names`."""


class Function(NamedTuple):
    """All calls of one function."""

    calls: int
    blocks: int
    """Calls run in one go are a block."""

    seconds: float
    """From start to end, their waits included."""

    longest_s: float
    buckets: dict[int, int]
    """The bit length of a call's time in us -> how many calls."""


class Long(NamedTuple):
    """A long call, or the mean one of a block."""

    seconds: float
    start_s: float
    calls: int
    function: str
    rank: int
    owner: int
    """The rank that made the call."""


class Crossing(NamedTuple):
    """A message as one of its two ends saw it."""

    at_s: float
    sender: int
    receiver: int
    number: int
    """Counts the messages of this pair."""

    bytes: int
    is_start: bool


class RankRecord(NamedTuple):
    """What one rank did."""

    rank: int
    host: str
    names: list[tuple[str, str]]
    """What it can do: a kind (see `recorder`), and the key of a function."""

    totals: list[float]
    """For each of these, how long it did it."""

    slices: list[Slice]
    functions: dict[str, Function]
    longest: list[Long]
    crossings: list[Crossing]
    sent: dict[int, tuple[int, int]]
    """To each rank: messages, bytes."""

    merged_s: float
    """Neighbours shorter than this are shown as one; 0: all are there."""

    cut: bool
    """Whether its first messages are missing."""

    @staticmethod
    def of(
        rank: int, told: dict[str, Any], origin: float, offsets: tuple[float, float]
    ) -> RankRecord:
        """Return what a rank told, with its times changed.

        Args:
            origin: When the run began, by the clock of rank 0.
            offsets: What is to be added to this rank's clock, at its beginning and at its end.
        """
        began, end = told["began"], told["end"]
        drift = (offsets[1] - offsets[0]) / (end - began) if end > began else 0.0

        def seconds(moment: float) -> float:
            return float(moment + offsets[0] + drift * (moment - began) - origin)

        at = [seconds(began + 1e-6 * us) for us in told["at"]]
        slices = [
            Slice(start, stop, what)
            for start, stop, what in zip(at, [*at[1:], seconds(end)], told["what"], strict=True)
        ]
        crossings = []
        for us, other, number, size in told["messages"]:
            sender, receiver = (rank, other) if other >= 0 else (-1 - other, rank)
            moment = seconds(began + 1e-6 * us)
            crossings.append(Crossing(moment, sender, receiver, number, size, other >= 0))
        return RankRecord(
            rank=rank,
            host=told["host"],
            names=[(kind, plain(name)) for kind, name in told["names"]],
            totals=told["totals"],
            slices=slices,
            functions=_functions(told["functions"]),
            longest=[
                Long(each_s, seconds(start), calls, plain(key), rank, owner)
                for each_s, start, calls, key, owner in told["longest"]
            ],
            crossings=crossings,
            sent={int(to): (messages, size) for to, (messages, size) in told["sent"].items()},
            merged_s=told["merged_s"],
            cut=told["cut"],
        )

    def seconds(self, *kinds: str) -> float:
        """Return how long it did things of these kinds."""
        return sum(
            total for (kind, _), total in zip(self.names, self.totals, strict=True) if kind in kinds
        )


def _functions(told: dict[str, Any]) -> dict[str, Function]:
    """Return functions by their plain names: those of the program have two, one of them on workers."""
    found: dict[str, Function] = {}
    for key, (calls, blocks, total_s, longest_s, buckets) in told.items():
        before = found.get(plain(key)) or Function(0, 0, 0.0, 0.0, {})
        sums = dict(before.buckets)
        for bucket, count in buckets.items():
            sums[int(bucket)] = sums.get(int(bucket), 0) + count
        found[plain(key)] = Function(
            before.calls + calls,
            before.blocks + blocks,
            before.seconds + total_s,
            max(before.longest_s, longest_s),
            sums,
        )
    return found


class Run(NamedTuple):
    """A run."""

    program: str
    began_at: float
    """When, in seconds since 1970."""

    size: int
    ranks: dict[int, RankRecord]
    missing: dict[int, str]
    """Ranks whose records are missing, and why."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(record.slices[-1].stop_s for record in self.ranks.values())

    def sorted(self) -> Iterator[RankRecord]:
        """Return the records by rank."""
        for rank in sorted(self.ranks):
            yield self.ranks[rank]
