"""Calls for one very rank: before all others there, never given back, never anywhere else."""

from __future__ import annotations

from typing import Any

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.constants import INITIALIZER
from scoop_mpi._kernel.protocol import (
    BROKER,
    UNASKED,
    Constants,
    GiveBack,
    Lend,
    Lost,
    Outcomes,
    Part,
    Run,
    Send,
)
from scoop_mpi._kernel.task import Block, Task
from scoop_mpi._kernel.worker import Worker


class Cargo:
    """Cargo that tells which calls it was cut for."""

    call_bytes = 0

    def cut(self, start: int, stop: int) -> tuple[int, int]:
        """Return the bounds."""
        return start, stop


def lend(
    worker: Worker, serial: int, request: int = UNASKED, calls: int = 1, owner: int = 2
) -> None:
    """Let a rank lend to this worker."""
    part = Part(serial, 1, 0, calls, "f", 1e-6, None)
    worker.receive(owner, Lend(request, (part,), 0), 0.0)
    worker.validate()


def serial_run(worker: Worker) -> int:
    """Let a worker choose and run a block; return the serial of its task."""
    block = worker.turn(0.0)[-1].block  # type: ignore[union-attr]  # a Run
    worker.finished(block, None, 0.0, failed=False, seconds=1e-6)
    worker.validate()
    return block.source.serial


def own_task(worker: Worker) -> Task:
    """Return a task of the worker's own."""
    task = worker.new_task(1, "f", Cargo())
    worker.push(task)
    return task


def test_what_is_bound_goes_before_all_else_in_order() -> None:
    """Also before what a caller waits for, which is not run inline meanwhile."""
    worker = Worker(1, 4)
    task = own_task(worker)
    lend(worker, 7, request=0, calls=2)
    lend(worker, 8)
    lend(worker, 9)
    assert worker.claim(task, 0, 0.0) is None
    assert [serial_run(worker), serial_run(worker)] == [8, 9]
    assert worker.claim(task, 0, 0.0) is not None


def test_a_full_rank_runs_what_is_bound_and_gives_the_rest_back() -> None:
    """However many calls are parked."""
    worker = Worker(1, 4)
    lend(worker, 7, request=0, calls=2)
    lend(worker, 8)
    worker.parked = policy.PARKED
    given = [action.message for action in worker.tick(9.0) if isinstance(action, Send)]
    assert [one.serial for one in given if isinstance(one, GiveBack)] == [7]
    worker.validate()
    assert serial_run(worker) == 8
    assert not worker.has_work


def test_what_a_lost_owner_had_bound_is_dropped() -> None:
    """And what was behind it is run."""
    worker = Worker(1, 4)
    task = own_task(worker)
    lend(worker, 8)
    worker.receive(BROKER, Lost(2, "it died"), 0.0)
    worker.validate()
    assert worker.claim(task, 0, 0.0) is not None


def test_a_call_on_a_rank_that_is_lost_is_not_run_elsewhere() -> None:
    """Neither if it was lost before nor if it is lost meanwhile."""
    worker = Worker(1, 4)
    first, second = (worker.new_task(1, "f", Cargo(), retries=0) for _ in range(2))
    (action,) = worker.push_to(first, 2)
    assert isinstance(action, Send) and action.to == 2
    worker.receive(BROKER, Lost(2, "it died"), 0.0)
    assert worker.push_to(second, 2) == []
    worker.validate()
    assert first.arrived == {0: (1, True, "it died")}
    assert second.arrived == {0: (1, True, "rank 2 was lost before")}
    assert not worker.lendable


def test_a_call_on_this_rank_itself_is_to_be_run_now() -> None:
    """It is started already: nobody else can have it."""
    worker = Worker(1, 4)
    task = worker.new_task(1, "f", Cargo())
    (action,) = worker.push_to(task, 1)
    assert isinstance(action, Run)
    worker.validate()
    worker.finished(action.block, "r", 0.0, failed=False, seconds=1e-6)
    assert task.arrived == {0: (1, False, "r")}


def definition(number: int, definer: int) -> Constants:
    """Return the news of an initializer."""
    return Constants(number, "host", definer, ((f"{INITIALIZER}1.1 f", b"x"),))


def test_an_initializer_runs_before_calls_that_may_know_of_it() -> None:
    """Such calls wait for it; nobody hears of its outcome; it is no constant."""
    worker = Worker(1, 4)
    part = Part(5, 1, 0, 1, "f", 1e-6, None)
    worker.receive(2, Lend(0, (part,), 1), 0.0)
    assert not worker.has_work
    worker.receive(BROKER, definition(1, 3), 0.0)
    run: Any = worker.turn(0.0)[-1]
    block: Block = run.block
    assert block.source.cargo == (None, b"x")
    worker.finished(block, None, 0.0, failed=False, seconds=None)
    assert not [one for one in worker.dry(9.0) if isinstance(one.message, Outcomes)]  # type: ignore[union-attr]  # all are Sends
    assert serial_run(worker) == 5
    assert not worker.constants.known


def test_who_defines_an_initializer_has_run_it() -> None:
    """It is not run there again."""
    worker = Worker(1, 4)
    worker.receive(BROKER, definition(1, 1), 0.0)
    assert not worker.has_work
