"""Where arguments and results travel: between owner and borrower, never through rank 0."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from scoop_mpi._kernel.protocol import UNKNOWN_S, Done, Lend, Outcomes, Part
from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.network import Parcel, foreign_cargo
from scoop_mpi.testing.operations import Compute, Gather, Map, Result, Submit

HEAVY = 100_000


def heavy(data: bytes) -> Generator[Any, Any, bytes]:
    """Take and give much."""
    yield Compute(5e-3)
    return data[::-1]


def owner(calls: int) -> Generator[Any, Any, int]:
    """Map over much data, on whichever rank this runs."""
    handle = yield Map(heavy, [bytes([call]) * HEAVY for call in range(calls)])
    return len((yield Gather(handle)))


def root(calls: int) -> Generator[Any, Any, Any]:
    """Leave all the data to a call, which at this size runs on another rank."""
    handle = yield Submit(owner, calls)
    return (yield Result(handle))


def test_no_data_through_rank_0() -> None:
    """What neither rank 0's program made nor rank 0 runs does not pass through it, not a byte."""
    cluster = Cluster(100, check=True)
    assert cluster.run(root, 200) == 200
    assert cluster.network.foreign_cargo == 0
    moved = sum(rank.worker.counts["lent"] for rank in cluster.ranks[1:])
    assert moved > 50, "the calls were lent"
    assert cluster.ranks[0].worker.counts["borrowed"] == 0
    assert cluster.network.bytes > moved * HEAVY
    assert cluster.network.bytes_at_rank_0 < HEAVY


def test_the_count_sees_a_detour() -> None:
    """The count is no tautology: cargo that is relayed over rank 0 is counted."""
    arguments, results = Parcel(3, -1, b"12345"), Parcel(3, 4, b"123")
    lend = Lend(1, (Part(1, 1, 0, 1, "f", UNKNOWN_S, arguments),), 0)
    outcomes = Outcomes((Done(1, 1, 0, 1, False, 0.0, results),), 0)
    assert foreign_cargo(0, lend) == 5
    assert foreign_cargo(0, outcomes) == 3
    assert foreign_cargo(4, outcomes) == 3
