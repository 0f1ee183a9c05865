"""Calls on every rank, and initializers: before whatever was submitted later, also when ranks die."""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any

import pytest

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.worker import Worker
from scoop_mpi.testing import soak
from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.operations import (
    Compute,
    Everywhere,
    Gather,
    Initialize,
    Initialized,
    Map,
    Outcome,
    Plain,
    Result,
    Submit,
    WorkerLost,
)

Steps = Generator[Any, Any, Any]


class Prepare(Plain):
    """An initializer."""

    key = "prepare"

    def __call__(self, item: int) -> None:
        """Return nothing."""

    def seconds(self, item: int) -> float:
        """Return what it takes: some take long."""
        return 1e-3 * (item % 3)


def long(_: int) -> Steps:
    """Be in the way."""
    yield Compute(3e-3)
    return []


def knows(least: int) -> Steps:
    """Check that the initializers up to this one have run here, in order, and have children check."""
    seen = yield Initialized()
    assert seen[: least + 1] == list(range(least + 1)), (least, seen)
    yield Compute(1e-4)
    seen = yield Initialized()
    assert seen == list(range(len(seen))), seen
    if least < 2:
        yield Gather((yield Map(child, [least] * 3)))
    return seen


def child(least: int) -> Steps:
    """Check it one level deeper, on whichever rank."""
    seen = yield Initialized()
    assert seen[: least + 1] == list(range(least + 1)), (least, seen)


def asks(_: int) -> Steps:
    """From within a call, make one on each rank; return the outcomes."""
    outcomes = []
    for handle in (yield Everywhere(number, 7)):
        try:
            outcomes.append(Outcome((yield Result(handle))))
        except WorkerLost as lost:
            outcomes.append(Outcome(None, lost))
    return outcomes


def number(item: int) -> Steps:
    """Compute a little."""
    yield Compute(2e-4)
    return item


def program(ranks: int) -> Steps:
    """Initializers between maps, calls on every rank from the root and from two calls at once."""
    before = yield Map(long, range(3 * ranks))
    for item in range(3):
        yield Initialize(Prepare(), item)
        yield Gather((yield Map(knows, [item] * (2 * ranks))))
    asked = [(yield Submit(asks, 0)), (yield Submit(asks, 1))]
    found = [(yield from asks(0))]
    for handle in asked:
        found.append((yield Result(handle)))  # noqa: PERF401  a generator steps here
    yield Gather(before)
    return found


def cluster(seed: int, **options: Any) -> Cluster:
    """Return a cluster with costs of chance."""
    rng = Random(seed)
    scene = soak.scene(rng, 2, 9)

    def immortal(rank: int, ranks: int) -> Worker:
        worker = scene.worker(rank, ranks)
        worker.retries = 1000
        return worker

    return Cluster(
        scene.ranks, seed=seed, costs=scene.costs, check=True, worker=immortal, **options
    )


@pytest.mark.parametrize("parked", [1, policy.PARKED])
def test_initializers_run_first_and_calls_on_every_rank_once(
    parked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the costs, and however many calls are parked."""
    monkeypatch.setattr(policy, "PARKED", parked)
    for seed in range(60):
        job = cluster(seed)
        found = job.run(program, len(job.ranks))
        assert found == [[Outcome(7)] * len(job.ranks)] * 3, seed


@pytest.mark.parametrize("group", range(4))
def test_ranks_that_die_meanwhile_give_worker_lost_in_their_place(group: int) -> None:
    """Any of them, at any time: nothing hangs, and the others' results are there."""
    for seed in range(group * 40, group * 40 + 40):
        rng = Random(seed)
        whole = cluster(seed, mortal=True)
        whole.run(program, len(whole.ranks))
        ranks, events = len(whole.ranks), whole.events
        victims = rng.sample(range(1, ranks), rng.randint(1, max(1, (ranks - 1) // 2)))
        deaths = {rng.randrange(events): victim for victim in victims}
        job = cluster(seed, mortal=True, most_events=1_000_000)

        def before_event(event: int, job: Cluster = job, deaths: dict[int, int] = deaths) -> None:
            if event in deaths:
                job.kill(deaths[event])

        job.before_event = before_event
        for results in job.run(program, ranks):
            assert len(results) == ranks
            for rank, outcome in enumerate(results):
                if outcome.error is None:
                    assert outcome.value == 7
                else:
                    assert rank in victims and isinstance(outcome.error, WorkerLost), seed
