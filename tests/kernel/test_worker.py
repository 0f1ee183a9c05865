"""The worker alone: what it does with each kind of event."""

from __future__ import annotations

import pytest

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.protocol import (
    BROKER,
    UNKNOWN_S,
    Actions,
    Ask,
    Constants,
    Done,
    Fed,
    GiveBack,
    Hungry,
    Lend,
    Outcomes,
    Part,
    Refuse,
    Resume,
    Run,
    Send,
    Surplus,
)
from scoop_mpi._kernel.task import Block
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._kernel.worker import Worker


class Cargo:
    """Cargo that tells which calls it was cut for."""

    call_bytes = 0

    def cut(self, start: int, stop: int) -> tuple[int, int]:
        """Return the bounds."""
        return start, stop


def part(start: int, stop: int, *, lease: int = 1, seconds: float = UNKNOWN_S) -> Part:
    """Return calls of task 1."""
    return Part(1, lease, start, stop, "f", seconds, (start, stop))


def run_of(actions: Actions) -> Block:
    """Return the block that the actions say to run."""
    (run,) = [action for action in actions if isinstance(action, Run)]
    return run.block


def sends(actions: Actions) -> Actions:
    """Return the messages among the actions."""
    return [action for action in actions if isinstance(action, Send)]


def test_a_dry_rank_asks_once() -> None:
    """Hunger is told once, and again only after work has come."""
    worker = Worker(1, 2)
    assert worker.turn(0.0) == [Send(BROKER, Hungry(1))]
    assert worker.turn(0.1) == []
    assert worker.receive(0, Lend(1, (part(0, 1),), 0), 0.2) == []
    fed, run = worker.turn(0.3)
    assert fed == Send(BROKER, Fed(1))
    block = run_of([run])
    worker.finished(block, "r", 0.4, failed=False, seconds=0.1)
    assert Send(BROKER, Hungry(2)) in worker.turn(0.5)


def test_a_short_call_is_run_before_anybody_hears_of_it() -> None:
    """Its outcome and the next request travel together, and stand for the confirmation."""
    worker = Worker(1, 2)
    worker.turn(0.0)
    worker.receive(0, Lend(1, (part(0, 1, seconds=1e-5),), 0), 0.0)
    (run,) = worker.turn(0.0)
    worker.finished(run_of([run]), "r", 1e-5, failed=False, seconds=1e-5)
    outcomes, hungry = sends(worker.turn(1e-5))
    assert isinstance(outcomes.message, Outcomes)
    assert hungry == Send(BROKER, Hungry(2))


def test_the_tick_confirms_what_runs_longer_than_expected() -> None:
    """So no request stands for longer than a tick after its work has come."""
    worker = Worker(1, 2)
    worker.turn(0.0)
    worker.receive(0, Lend(1, (part(0, 1, seconds=1e-5),), 0), 0.0)
    worker.turn(0.0)
    assert worker.tick(1e-3) == [Send(BROKER, Fed(1))]
    assert worker.tick(2e-3) == []


def test_where_there_is_plenty_a_rank_asks_before_it_is_dry() -> None:
    """However long calls are; where calls are few, a long one must not keep the next one waiting."""
    for plenty in (True, False):
        worker = Worker(1, 2)
        worker.turn(0.0)
        worker.receive(0, Lend(1, (part(0, 1, seconds=1.0),), 0, plenty), 0.0)
        *told, _ = worker.turn(0.0)
        assert told == [Send(BROKER, Hungry(2) if plenty else Fed(1))]


def test_a_lender_tells_whether_there_is_plenty() -> None:
    """As long as everybody could have some more."""
    worker = Worker(0, 2)
    worker.push(worker.new_task(2 * policy.PLENTY + 1, "f", Cargo()))
    (lend,) = sends(worker.receive(BROKER, Ask(1, 1), 0.0))
    assert isinstance(lend.message, Lend) and lend.message.plenty
    (lend,) = sends(worker.receive(BROKER, Ask(1, 2), 0.0))
    assert isinstance(lend.message, Lend) and not lend.message.plenty


def test_a_job_of_one_rank_sends_nothing() -> None:
    """Alone, a rank runs all calls itself."""
    worker = Worker(0, 1)
    task = worker.new_task(3, "f", Cargo())
    assert worker.push(task) == []
    while not task.finished:
        (run,) = worker.turn(0.0)
        assert isinstance(run, Run)
        worker.finished(run.block, "r", 0.0, failed=False, seconds=0.0)
    assert worker.turn(0.0) == []
    assert worker.tick(1.0) == []


def test_surplus_is_told_once_until_refused() -> None:
    """The broker hears of surplus at the first push, and again after a refusal."""
    worker = Worker(1, 2)
    first = worker.new_task(1, "f", Cargo())
    assert worker.push(first) == [Send(BROKER, Surplus())]
    assert worker.push(worker.new_task(1, "f", Cargo())) == []
    for request in (1, 2):
        (send,) = worker.receive(BROKER, Ask(0, request), 0.0)
        assert isinstance(send.message, Lend)
    assert worker.receive(BROKER, Ask(0, 3), 0.0) == [Send(BROKER, Refuse(0, 3))]
    assert worker.push(worker.new_task(1, "f", Cargo())) == [Send(BROKER, Surplus())]


def test_short_work_is_told_by_the_tick() -> None:
    """Work known to be shorter than a message is offered only if it still lies here at a tick."""
    worker = Worker(1, 2)
    worker.durations.note("f", 1e-6, 1)
    assert worker.push(worker.new_task(5, "f", Cargo())) == []
    assert worker.tick(1e-3) == [Send(BROKER, Surplus())]


def test_pieces_come_from_the_back_of_the_oldest_task() -> None:
    """Borrowers get the far end of the oldest task, its owner runs the front of the newest."""
    worker = Worker(1, 2)
    worker.push(worker.new_task(10, "f", Cargo()))
    worker.push(worker.new_task(10, "g", Cargo()))
    (send,) = worker.receive(BROKER, Ask(0, 1), 0.0)
    (lent,) = send.message.parts
    assert (lent.serial, lent.start, lent.stop, lent.cargo) == (1, 9, 10, (9, 10))
    block = run_of(worker.turn(0.0))
    assert (block.source.serial, block.start) == (2, 0)
    worker.validate()


def test_single_calls_of_one_caller_travel_together() -> None:
    """Known short single calls are bundled into one message."""
    worker = Worker(1, 2)
    worker.durations.note("f", 1e-5, 1)
    for _ in range(100):
        worker.push(worker.new_task(1, "f", Cargo(), group=4))
    worker.push(worker.new_task(1, "f", Cargo(), group=5))
    (send,) = worker.receive(BROKER, Ask(0, 1), 0.0)
    assert len(send.message.parts) == 50
    worker.validate()


def test_outcomes_count_once() -> None:
    """An outcome that comes twice, or for a lease that is no more, changes nothing."""
    worker = Worker(1, 2)
    task = worker.new_task(2, "f", Cargo())
    worker.push(task)
    (send,) = worker.receive(BROKER, Ask(0, 1), 0.0)
    (lent,) = send.message.parts
    done = Done(task.serial, lent.lease, lent.start, lent.stop, False, 0.1, "first")
    worker.receive(0, Outcomes((done,), 0), 0.0)
    worker.receive(0, Outcomes((done._replace(payload="second"),), 0), 0.0)
    worker.receive(0, GiveBack(task.serial, lent.lease, lent.start, lent.stop), 0.0)
    worker.validate()
    assert task.done == 1
    assert task.arrived[lent.start] == (lent.stop, False, "first")


def test_a_stuck_borrower_gives_back() -> None:
    """What waits behind a call that takes too long goes back to its owner."""
    worker = Worker(1, 2)
    worker.turn(0.0)
    worker.receive(0, Lend(1, (part(0, 5, seconds=1e-3),), 0), 0.0)
    block = run_of(worker.turn(0.0))
    assert worker.tick(policy.PATIENCE_S) == []
    assert worker.tick(1.0) == [Send(0, GiveBack(1, 1, block.stop, 5))]
    worker.validate()


def test_a_loan_is_run_in_larger_blocks_than_what_others_may_borrow() -> None:
    """It is one rank's share already; of its own work a rank claims less at a time."""
    call_s = 0.5e-3
    worker = Worker(1, 2)
    worker.turn(0.0)
    worker.receive(0, Lend(1, (part(0, 40, seconds=call_s),), 0), 0.0)
    block = run_of(worker.turn(0.0))
    assert block.stop - block.start == 5
    assert policy.block(40, 2, call_s) == 2


def test_what_comes_back_can_be_lent_again() -> None:
    """Calls given back are ready again, and the broker hears of them."""
    worker = Worker(1, 2)
    task = worker.new_task(1, "f", Cargo())
    worker.push(task)
    worker.receive(BROKER, Ask(0, 1), 0.0)
    assert not worker.lendable
    worker.receive(BROKER, Ask(2, 1), 0.0)
    back = GiveBack(task.serial, 1, 0, 1)
    assert worker.receive(0, back, 0.0) == [Send(BROKER, Surplus())]
    assert worker.lendable
    worker.validate()


def test_a_cut_block_frees_its_calls() -> None:
    """Calls cut out of a running block can be lent, and the block reports only the rest."""
    worker = Worker(1, 2)
    worker.durations.note("f", 1e-6, 1)
    task = worker.new_task(10, "f", Cargo())
    worker.push(task)
    block = run_of(worker.turn(0.0))
    assert (block.start, block.stop) == (0, 10)
    assert worker.cut(block, 1) == [Send(BROKER, Surplus())]
    worker.validate()
    assert task.unstarted.count == 9
    worker.finished(block, "r", 1.0, failed=False, seconds=1.0)
    assert task.arrived == {0: (1, False, "r")}


def test_a_wait_is_resumed_by_the_arrival_it_needs() -> None:
    """A wait for two arrivals is over with the second; one for a failure with the failure."""
    worker = Worker(0, 1)
    tasks = [worker.new_task(1, "f", Cargo()) for _ in range(3)]
    both, failure = Wait(2), Wait(3, stop_on_failure=True)
    for task in tasks:
        worker.push(task)
        worker.watch(both, task, 0)
        worker.watch(failure, task, 0)
    resumed = []
    for task, failed in zip(tasks, (False, True, False), strict=True):
        block = worker.claim(task, 0, 0.0)
        assert block is not None
        actions = worker.finished(block, "r", 0.0, failed=failed, seconds=0.0)
        resumed.append([action.wait for action in actions if isinstance(action, Resume)])
    assert resumed == [[], [both, failure], []]


def test_cancel_only_what_nobody_started() -> None:
    """A call that was lent or started runs on."""
    worker = Worker(1, 2)
    lent, started, fresh = (worker.new_task(1, "f", Cargo()) for _ in range(3))
    for task in (lent, started, fresh):
        worker.push(task)
    worker.receive(BROKER, Ask(0, 1), 0.0)
    worker.claim(started, 0, 0.0)
    assert worker.cancel(lent, "c") == (False, [])
    assert worker.cancel(started, "c") == (False, [])
    assert worker.cancel(fresh, "c")[0]
    assert fresh.arrived == {0: (1, True, "c")}
    worker.validate()


def test_a_loan_waits_for_its_constants() -> None:
    """Work whose sender knew more constants than are known here is held until they come."""
    worker = Worker(1, 3)
    worker.turn(0.0)
    assert worker.receive(2, Lend(1, (part(0, 1),), 2), 0.0) == []
    assert not worker.has_work
    worker.receive(BROKER, Constants(1, "two", 2, (("a", b"1"),)), 0.0)
    assert not worker.has_work
    actions = worker.receive(BROKER, Constants(2, "two", 2, (("b", b"2"),)), 0.0)
    assert actions == []
    assert worker.has_work
    assert Send(BROKER, Fed(1)) in worker.turn(0.0)


def test_outcomes_of_short_calls_are_collected() -> None:
    """Short calls of one loan share a message, which leaves when the rank runs dry."""
    worker = Worker(1, 2)
    worker.turn(0.0)
    worker.receive(0, Lend(1, (part(0, 3, seconds=1e-4),), 0), 0.0)
    now = 0.0
    messages = []
    while worker.has_work:
        actions = worker.turn(now)
        messages += sends(actions)
        block = run_of(actions)
        now += 1e-5
        worker.finished(block, "r", now, failed=False, seconds=1e-5)
    messages += sends(worker.turn(now))
    outcomes = [send.message for send in messages if isinstance(send.message, Outcomes)]
    assert len(outcomes) == 1
    assert sum(done.stop - done.start for done in outcomes[0].done) == 3


def test_a_rank_with_many_parked_calls_takes_no_work() -> None:
    """Parked calls bound what a rank takes on; what it holds goes back."""
    worker = Worker(1, 2)
    worker.turn(0.0)
    worker.receive(0, Lend(1, (part(0, 4),), 0), 0.0)
    worker.parked = policy.PARKED
    assert not worker.has_work
    assert worker.tick(0.0) == [Send(BROKER, Fed(1)), Send(0, GiveBack(1, 1, 0, 4))]
    assert worker.turn(0.0) == []
    assert worker.idle


def test_repr_tells_the_state() -> None:
    """The repr shows what a reader of an error wants to know."""
    worker = Worker(1, 2)
    worker.push(worker.new_task(3, "f", Cargo()))
    assert repr(worker) == "Worker(1: 1 tasks, 1 ready, 0 loans, 0 parked, request 0)"


def test_what_is_given_back_of_an_abandoned_task_is_dropped() -> None:
    """And what had not started at once; what is lent comes back and is the last of it."""
    worker = Worker(0, 2)
    task = worker.new_task(10, "f", Cargo())
    worker.push(task)
    worker.durations.note("f", 1e-4, 1)
    (lend,) = sends(worker.receive(0, Ask(1, 1), 0.0))
    (lent,) = lend.message.parts
    assert 1 < lent.stop - lent.start < 10
    block = worker.claim(task, 0, 0.0)
    assert block is not None
    worker.abandon(task)
    assert not worker.lendable and worker.claim(task, 4, 0.0) is None
    worker.receive(1, GiveBack(1, lent.lease, lent.start + 1, lent.stop), 0.0)
    assert not worker.lendable and not task.finished
    done = Done(1, lent.lease, lent.start, lent.start + 1, False, 0.1, "r")
    worker.receive(1, Outcomes((done,), 0), 0.0)
    worker.validate()
    worker.cut(block, 1) if block.stop > 1 else None
    worker.finished(block, "r", 0.1, failed=False, seconds=0.1)
    assert task.finished and worker.idle
    worker.validate()


class Heavy(Cargo):
    """Cargo with large arguments."""

    call_bytes = policy.PIECE_BYTES // 3


@pytest.mark.parametrize("together", [True, False], ids=["one map", "single calls"])
def test_a_piece_is_bounded_in_bytes(together: bool) -> None:  # noqa: FBT001  a parameter
    """However short its calls are; a single call goes whatever its size."""
    worker = Worker(1, 2)
    worker.durations.note("f", 1e-6, 1)
    for calls in [100] if together else [1] * 100:
        worker.push(worker.new_task(calls, "f", Heavy()))
    (action,) = worker.receive(BROKER, Ask(2, 1), 0.0)
    assert isinstance(action, Send) and isinstance(action.message, Lend)
    assert sum(part.stop - part.start for part in action.message.parts) == 3
    assert policy.fitting(5, 10 * policy.PIECE_BYTES) == 1
