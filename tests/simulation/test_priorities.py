"""Priorities on virtual ranks: what is urgent is done first, and nothing else changes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from scoop_mpi._kernel.protocol import Actions
from scoop_mpi._kernel.task import Task
from scoop_mpi._kernel.worker import Worker
from scoop_mpi.testing import soak
from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.operations import Compute, Gather, Map, Now, Submit, Take


class Ranking(Worker):
    """Gives every task a priority of its own."""

    def push(self, task: Task, known: Sequence[tuple[int, int, Any]] = ()) -> Actions:
        """Push it with a priority that looks like chance."""
        priority = task.serial * 7919 % 5 - 2
        if priority:
            self.prioritise(task, priority)
        return super().push(task, known)


def test_random_programs_with_priorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the order: they come to what they come to serially, and no rank waits for ever."""
    monkeypatch.setattr(soak, "Worker", Ranking)
    for result in soak.soak(range(150)):
        assert result.failure is None, f"seed {result.seed}: {result.failure!r}"


def ends(_: int) -> Generator[Any, Any, float]:
    """Compute, and tell when that ended."""
    yield Compute(0.01)
    return (yield Now())  # type: ignore[no-any-return]  # what is sent in


def late_but_urgent(priority: int) -> Generator[Any, Any, tuple[float, float]]:
    """Map much, then submit a few; return when these were done, and when all."""
    much = yield Map(ends, range(2000))
    yield Compute(0.02)
    few = []
    for number in range(40):
        few.append((yield Submit(ends, number, priority)))  # noqa: PERF401  it yields
    last_of_much = max((yield Gather(much)))
    done = []
    for handle in few:
        done.append((yield Take(handle)).value)  # noqa: PERF401  as above
    return max(done), last_of_much


@pytest.mark.parametrize("ranks", [1, 4, 64])
def test_what_is_urgent_overtakes_what_is_not(ranks: int) -> None:
    """Few calls that come late are done soon, at any size, and all is done when it would have been.

    Soon: behind what other ranks hold already, which is some pieces, and no more.
    """
    few, much = Cluster(ranks, check=True).run(late_but_urgent, 1)
    plain_few, plain_much = Cluster(ranks, check=True).run(late_but_urgent, 0)
    assert max(few, much) < 1.1 * max(plain_few, plain_much)
    if ranks > 1:
        assert few < 0.5 * plain_few
        assert few < 0.02 + 2 * 40 * 0.01 / ranks + 0.15


def late_and_humble() -> Generator[Any, Any, tuple[float, float]]:
    """Submit few with a low priority first, then map much."""
    few = yield Map(ends, range(100), -1)
    much = yield Map(ends, range(1000))
    last_of_much = max((yield Gather(much)))
    return max((yield Gather(few))), last_of_much


def test_what_can_wait_waits() -> None:
    """Although it was there first."""
    few, much = Cluster(8, check=True).run(late_and_humble)
    assert few > much
