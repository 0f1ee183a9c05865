"""Ranks die: results are those of a serial run, and nothing is left, lost or run without end.

The nightly form is `python -m scoop_mpi.testing.faults --seeds 10000 --every 60`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from mutants import RECOVERY, Mutant, first_caught_by_deaths

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.worker import Worker
from scoop_mpi.testing import faults
from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.operations import Compute, Die, Handle, Map, Take, WorkerLost

GROUPS = [range(first, first + 50) for first in range(0, 400, 50)]


@pytest.mark.parametrize("seeds", GROUPS, ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_random_deaths(seeds: range) -> None:
    """Whoever dies when: the program comes to what it comes to serially."""
    for result in faults.campaign(seeds):
        assert result.failure is None, (
            f"{result.failure!r}\nreplay: {faults.replay_command(2, 32).format(seed=result.seed)}"
        )


@pytest.mark.parametrize("seed", range(12))
def test_a_death_at_every_event(seed: int) -> None:
    """Before, at and after every message and action of a small program."""
    for result in faults.at_every_event(seed, 300):
        assert result.failure is None, f"seed {seed}, {result.events} events: {result.failure!r}"


@pytest.mark.parametrize("parked", [1, 3])
def test_random_deaths_with_tight_limits(parked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where every rank soon has as many parked calls as it may."""
    monkeypatch.setattr(policy, "PARKED", parked)
    monkeypatch.setattr(faults.soak, "Eager", Worker)  # as in the soak
    for result in faults.campaign(range(60), 2, 12):
        assert result.failure is None, f"seed {result.seed}: {result.failure!r}"


@pytest.mark.parametrize("mutant", RECOVERY, ids=lambda mutant: mutant.name)
def test_campaign_catches_mutant(mutant: Mutant) -> None:
    """Some seed fails with this mutant."""
    caught = first_caught_by_deaths(mutant, range(1500))
    assert caught is not None, f"no seed notices that {mutant.name}"


# --- limits ----------------------------------------------------------------------------------


def square(x: int) -> Generator[Any, Any, int]:
    """Take a while; call 7 kills its rank, whichever that is."""
    yield Compute(2e-3)
    if x == 7:
        yield Die()
    return x * x


def outcomes(calls: int) -> Generator[Any, Any, list[Any]]:
    """Map, and return what became of each call."""
    handle: Handle = yield Map(square, range(calls))
    found = []
    while len(found) < calls:
        outcome = yield Take(handle)
        found.append("lost" if isinstance(outcome.error, WorkerLost) else outcome.value)
    return found


@pytest.fixture
def root_leaves_calls_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with many ranks: a call that kills would kill the root, too."""
    monkeypatch.setattr(policy, "ROOT_HELPS_UP_TO", 1)


@pytest.mark.usefixtures("root_leaves_calls_to_others")
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("ranks", [5, 9, 33])
def test_a_call_that_kills_is_stopped_by_the_limit(ranks: int, seed: int) -> None:
    """It costs three ranks, not all; every other call has its result."""
    cluster = Cluster(ranks, seed=seed, check=True, mortal=True)
    found = cluster.run(outcomes, 200)
    assert found == ["lost" if x == 7 else x * x for x in range(200)]
    assert cluster.deaths == 1 + policy.RETRIES


@pytest.mark.usefixtures("root_leaves_calls_to_others")
@pytest.mark.parametrize("seed", range(20))
def test_the_root_does_not_run_a_call_that_killed_all_others(seed: int) -> None:
    """It gives that call up, and runs the rest itself."""
    cluster = Cluster(3, seed=seed, check=True, mortal=True)
    found = cluster.run(outcomes, 200)
    assert found == ["lost" if x == 7 else x * x for x in range(200)]
    assert cluster.deaths == 2
