"""A rank is lost: what an owner, a borrower, the broker and the registry make of it."""

from __future__ import annotations

from typing import Any

import pytest

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.broker import Broker
from scoop_mpi._kernel.constants import Registry, Store
from scoop_mpi._kernel.protocol import (
    BROKER,
    UNKNOWN_S,
    Ask,
    Denied,
    Done,
    GiveBack,
    Hungry,
    Lend,
    Lost,
    Outcomes,
    Part,
    Send,
    Surplus,
)
from scoop_mpi._kernel.task import Task
from scoop_mpi._kernel.worker import Worker


class Cargo:
    """Cargo that tells which calls it was cut for."""

    call_bytes = 0

    def cut(self, start: int, stop: int) -> tuple[int, int]:
        """Return the bounds."""
        return start, stop


def owner(rank: int = 1, ranks: int = 5, calls: int = 1) -> tuple[Worker, Task]:
    """Return a worker with a task."""
    worker = Worker(rank, ranks)
    task = worker.new_task(calls, "f", Cargo())
    worker.push(task)
    return worker, task


def lends(worker: Worker, borrower: int) -> list[Part]:
    """Ask a worker for work; return what it lends."""
    (action,) = worker.receive(BROKER, Ask(borrower, 1), 0.0)
    assert isinstance(action, Send)
    return list(action.message.parts) if isinstance(action.message, Lend) else []


def lose(worker: Worker, rank: int) -> None:
    """Tell a worker of a loss."""
    worker.receive(BROKER, Lost(rank, f"rank {rank} is lost"), 0.0)
    worker.validate()


def test_a_lost_call_is_lent_again_alone_and_its_old_outcome_is_late() -> None:
    """Under a lease of its own: the outcome counts once."""
    worker, task = owner()
    (first,) = lends(worker, 2)
    lose(worker, 2)
    (second,) = lends(worker, 3)
    assert (second.start, second.stop) == (0, 1)
    for sender, lease in ((2, first.lease), (3, second.lease), (3, second.lease)):
        done = Done(1, lease, 0, 1, failed=False, seconds=UNKNOWN_S, payload=sender)
        worker.receive(sender, Outcomes((done,), 0), 0.0)
    assert task.finished
    assert task.arrived == {0: (1, False, 3)}
    assert worker.counts["late"] == 2


@pytest.mark.parametrize(("own", "limit"), [(None, 2), (0, 0), (1, 1)])
def test_a_call_is_given_up_when_its_retries_are_used_up(own: int | None, limit: int) -> None:
    """The task's limit goes before the worker's; the words are those for the last loss."""
    worker = Worker(1, 9)
    task = worker.new_task(1, "f", Cargo(), retries=own)
    worker.push(task)
    for borrower in range(2, 2 + limit + 1):
        assert not task.finished
        assert lends(worker, borrower)
        lose(worker, borrower)
    assert task.arrived == {0: (1, True, f"rank {2 + limit} is lost")}


def test_what_was_in_doubt_comes_back_with_others() -> None:
    """Its owner had lent it with them, when nobody had taken it alone for long."""
    worker, task = owner(calls=4)
    (alone,) = lends(worker, 2)
    assert (alone.start, alone.stop) == (3, 4)
    lose(worker, 2)
    worker.tick(2.0 * policy.DOUBT_S)
    worker.durations.note("f", 1e-6, 1)
    task.largest_piece = 4
    (lent,) = lends(worker, 3)
    assert lent.start < 3 and lent.stop == 4
    worker.receive(3, GiveBack(1, lent.lease, lent.start, lent.stop), 3.0)
    worker.validate()
    assert 3 not in task.unstarted and task.doubtful == 1
    assert task.unstarted.count == 3


def test_the_root_is_not_lent_what_is_in_doubt() -> None:
    """It may have killed the rank that had it."""
    worker, _ = owner()
    lends(worker, 2)
    lose(worker, 2)
    assert lends(worker, BROKER) == []
    assert lends(worker, 3)


def test_its_owner_runs_a_call_in_doubt_when_nobody_else_is_left() -> None:
    """The only other rank was lost: the call is here again, to be run."""
    worker, task = owner(ranks=3)
    lends(worker, 2)
    assert worker.claim(task, 0, 0.0) is None
    lose(worker, 2)
    assert worker.claim(task, 0, 0.0) is not None


def test_work_of_a_lost_owner_is_dropped() -> None:
    """Also what waits here for a constant; what runs ends, and nobody is told; all of it is counted."""
    worker = Worker(1, 4)
    part = Part(1, 1, 0, 4, "f", 1e-6, (0, 4))
    worker.receive(2, Lend(1, (part,), 0), 0.0)
    run = worker.turn(0.0)[-1]
    worker.receive(2, Lend(1, (part,), 7), 0.0)
    worker.receive(2, Lend(1, (part,), 0), 0.0)
    lose(worker, 2)
    assert not worker.has_work
    worker.finished(run.block, None, 0.0, failed=False, seconds=1.0)  # type: ignore[union-attr]  # a Run
    assert worker.idle
    assert not [action for action in worker.dry(9.0) if isinstance(action, Send) and action.to == 2]
    assert worker.counts["dropped"] == worker.counts["borrowed"] == 8


def test_outcomes_for_a_lost_owner_are_dropped_before_they_are_sent() -> None:
    """And are counted."""
    worker = Worker(1, 4)
    worker.receive(2, Lend(1, (Part(1, 1, 0, 1, "f", 1e-6, (0, 1)),), 0), 0.0)
    run = worker.turn(0.0)[-1]
    worker.finished(run.block, None, 0.0, failed=False, seconds=1e-6)  # type: ignore[union-attr]  # a Run
    assert worker.counts["dropped"] == 0
    lose(worker, 2)
    assert worker.counts["dropped"] == 1


def test_the_broker_asks_another_for_whom_a_lost_rank_was_to_serve() -> None:
    """And nobody for the lost rank."""
    broker = Broker()
    broker.receive(1, Surplus())
    assert broker.receive(2, Hungry(1)) == [Send(1, Ask(2, 1))]
    broker.receive(3, Surplus())
    assert broker.lose(1) == [Send(3, Ask(2, 1))]
    broker.lose(2)
    broker.validate()
    assert broker.hungry == frozenset()
    assert broker.lenders == {3}


def definition(value: bytes) -> Any:
    """Return the definition of a constant."""
    return Store(1, 3).define(1, "host", (("a", value),))


def test_a_call_that_runs_again_makes_its_constant_again() -> None:
    """With any value if the one who made it is lost; else, after a loss, with the same value."""
    registry = Registry()
    registry.define(1, definition(b"1"))
    assert isinstance(denied(registry, 2, b"1"), Denied)
    registry.lose(0)
    assert isinstance(denied(registry, 2, b"2"), Denied)
    assert denied(registry, 2, b"1") is None
    registry.lose(2)
    assert denied(registry, 1, b"3") is None


def denied(registry: Registry, rank: int, value: bytes) -> Denied | None:
    """Define; return the denial, if it is one."""
    action = registry.define(rank, definition(value))[0]
    assert isinstance(action, Send)
    return action.message if isinstance(action.message, Denied) else None
