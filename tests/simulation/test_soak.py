"""Random programs on random clusters: every call once, every outcome once, nothing left.

The nightly form is `python -m scoop_mpi.testing.soak --seeds 100000`.
"""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any

import pytest

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.worker import Worker
from scoop_mpi.testing import soak
from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.operations import Compute, Result, Submit
from scoop_mpi.testing.plans import random_plan
from scoop_mpi.testing.programs import run_plan
from scoop_mpi.testing.reference import expected, same

GROUPS = [range(first, first + 50) for first in range(0, 400, 50)]


@pytest.mark.parametrize("seeds", GROUPS, ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_random_programs(seeds: range) -> None:
    """Whatever the program, the ranks and the schedule: it comes to what it comes to serially."""
    for result in soak.soak(seeds):
        assert result.failure is None, (
            f"{result.failure!r}\nreplay: {soak.replay_command(result.seed, 1, 64)}"
        )


def test_random_programs_on_many_ranks() -> None:
    """So it is where rank 0 leaves long calls to the others."""
    for result in soak.soak(range(30), 65, 200):
        assert result.failure is None, (
            f"{result.failure!r}\nreplay: {soak.replay_command(result.seed, 65, 200)}"
        )


@pytest.mark.parametrize("parked", [1, 3])
def test_random_programs_with_tight_limits(parked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is where every rank soon has as many parked calls as it may, and bundles are small."""
    monkeypatch.setattr(policy, "PARKED", parked)
    monkeypatch.setattr(policy, "BUNDLE", 2)
    monkeypatch.setattr(policy, "KEYS", 2)
    # Ranks that may not run their own calls would, with this limit, wait for each other.
    monkeypatch.setattr(soak, "Eager", Worker)
    for result in soak.soak(range(60), 1, 20):
        assert result.failure is None, f"seed {result.seed}: {result.failure!r}"


@pytest.mark.parametrize("seed", range(40))
def test_inline_and_remote_agree(seed: int) -> None:
    """A program comes to the same with every call run inline and with every call run remotely."""
    plan = random_plan(Random(seed), 100)
    wanted = expected(plan)
    inline = Cluster(1, check=True)
    remote = Cluster(5, check=True, worker=soak.Eager, most_events=soak.EVENTS)
    assert same(inline.outcome_of(run_plan, plan), wanted)
    assert same(remote.outcome_of(run_plan, plan), wanted)
    assert sum(inline.network.kinds.values()) == 0
    counts = [rank.worker.counts for rank in remote.ranks]
    lent, ran, back = (sum(c[what] for c in counts) for what in ("lent", "run", "given back"))
    assert lent == ran + back, "every call that ran was borrowed"


def test_same_seed_same_run() -> None:
    """A seed replays event for event."""
    one, other = soak.Story(), soak.Story()
    soak.play(12, story=one)
    soak.play(12, story=other)
    assert one.lines
    assert one.lines == other.lines


def test_command_line_tells_how_to_replay(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing seed prints one command that runs it again and tells its story."""
    monkeypatch.setattr(soak, "same", lambda *_: False)
    assert soak.main(["--seeds", "1", "--first", "3", "--ranks", "2-4"]) == 1
    assert "soak --seed 3 --ranks 2-4 --trace" in capsys.readouterr().out


def chain(depth: int) -> Generator[Any, Any, int]:
    """Submit a call that submits a call, and so on."""
    yield Compute(1e-3)
    if not depth:
        return 0
    handle = yield Submit(chain, depth - 1)
    yield Compute(3e-3)
    return 1 + (yield Result(handle))


@pytest.mark.parametrize("ranks", [1, 2, 5, 70])
def test_deep_chains(ranks: int) -> None:
    """A chain of calls, each waiting for the next, ends: parked calls do not fill up the ranks."""
    assert Cluster(ranks, check=True, most_events=soak.EVENTS).run(chain, 150) == 150
