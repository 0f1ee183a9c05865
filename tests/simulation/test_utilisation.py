"""Floors under how busy the virtual ranks are, and bounds on rank 0's load.

`python -m scoop_mpi.testing.utilisation --ranks 64 1024 16384` prints the whole curve.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.operations import Compute, Gather, Map, Submit, Take
from scoop_mpi.testing.utilisation import measure


@pytest.mark.parametrize(
    ("ranks", "call_s", "floor"),
    [(64, 0.01, 0.95), (64, 0.1, 0.97), (1024, 0.1, 0.95)],
)
def test_one_map_keeps_all_ranks_busy(ranks: int, call_s: float, floor: float) -> None:
    """A map of 100 calls a rank keeps the ranks busy, ramp-up and tail included."""
    figures = measure(ranks, 100, call_s)
    assert figures.busy_share >= floor, str(figures)


@pytest.mark.parametrize(("ranks", "call_s", "floor"), [(64, 0.01, 0.85), (128, 0.1, 0.93)])
def test_nested_maps_keep_all_ranks_busy(ranks: int, call_s: float, floor: float) -> None:
    """So does a map of calls that map."""
    figures = measure(ranks, 100, call_s, shape="nested")
    assert figures.busy_share >= floor, str(figures)


def test_broker_is_spared() -> None:
    """At 1,024 ranks the broker hears a few thousand messages a second, for calls of 100 ms."""
    figures = measure(1024, 100, 0.1)
    assert figures.broker_messages_per_s < 5_000, str(figures)
    assert figures.root_overhead_share < 0.3, str(figures)


def steady(seconds: float) -> Generator[Any, Any, None]:
    """Compute."""
    yield Compute(seconds)


def busy_root() -> Generator[Any, Any, None]:
    """Submit work, then compute for two seconds before looking at it."""
    handles = []
    for _ in range(100):
        handles.append((yield Submit(steady, 0.01)))  # noqa: PERF401  it yields
    yield Compute(2.0)
    for handle in handles:
        yield Take(handle)


def test_busy_root_stalls_nobody() -> None:
    """While the root computes, the other ranks finish what was submitted before."""
    cluster = Cluster(4, check=True)
    cluster.run(busy_root)
    assert cluster.ended_at < 2.01
    assert cluster.ranks[0].worker.counts["run"] == 0


def uneven() -> Generator[Any, Any, None]:
    """Map over many short calls with one long call among them."""
    handle = yield Map(steady, [0.001] * 100 + [1.0] + [0.001] * 100)
    yield Gather(handle)


def test_nothing_waits_behind_a_long_call() -> None:
    """Calls behind an unexpectedly long one are cut off, given back and run elsewhere."""
    cluster = Cluster(4, check=True)
    cluster.run(uneven)
    assert cluster.ended_at < 1.1
