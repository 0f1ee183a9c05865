"""A call that its maker runs where it asks for it never becomes a task; all others do, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scoop_mpi import futures
from scoop_mpi._kernel.protocol import BROKER, Ask, Send
from scoop_mpi._kernel.task import Task
from scoop_mpi._runtime import here
from scoop_mpi._runtime.draft import Draft
from scoop_mpi._runtime.future import Future
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.values.callables import encode_function
from scoop_mpi._runtime.wire.transport import Alone, Frames, Transport

_kept = [3]


def kept() -> list[int]:
    """Return what stays here."""
    return _kept


hooks: dict[str, Callable[[int], int]] = {}
"""What `first` and `second` do in a test: they are named by their module, so that they can travel."""


def first(x: int) -> int:
    """Call the first hook."""
    return hooks["first"](x)


def second(x: int) -> int:
    """Call the second hook."""
    return hooks["second"](x)


def filed(future: Future) -> Task | None:
    """Return the task of a future, if it has one, without making it one."""
    made = vars(future)["_made"]
    assert isinstance(made, Task | Draft)
    return made.task if isinstance(made, Draft) else made


class Two(Alone):
    """The transport of the first of two ranks, of which the other does nothing."""

    ranks = 2

    def send(self, rank: int, frames: Frames) -> None:
        """Send nothing."""


def installed(transport: Transport) -> Iterator[Loop]:
    """Give this process a loop for as long as a test."""
    loop = Loop(transport)
    here.install(loop)
    yield loop
    here.uninstall()


@pytest.fixture
def loop() -> Iterator[Loop]:
    """The loop of a job of one rank."""
    yield from installed(Alone())


@pytest.fixture
def root() -> Iterator[Loop]:
    """The loop of rank 0 of two, which knows that some functions are short."""
    for loop in installed(Two()):
        for function in (abs, first, second):
            loop.worker.durations.note(encode_function(function, travels=True).key, 1e-6, 1)
        yield loop


def test_who_asks_at_once_makes_no_task(loop: Loop) -> None:
    """It is counted, timed and answered like any other."""
    future = futures.submit(abs, -3)
    assert len(loop.drafts) == 1
    assert future.result() == 3
    assert filed(future) is None
    assert not loop.drafts
    assert loop.worker.counts["run"] == 1
    assert loop.worker.made == 1
    assert loop.worker.durations.expect("builtins.abs") is not None
    assert loop.worker.idle


def test_a_draft_that_has_ended_can_be_looked_at(loop: Loop) -> None:
    """As any future; its arguments were let go of."""
    future = futures.submit(abs, -3)
    assert future.result() == 3
    assert future.done()
    assert not future.running()
    assert not future.cancel()
    assert not future.cancelled()
    assert repr(future) == "<Future builtins.abs finished>"
    assert future.exception() is None
    assert futures.wait([future]).done == {future}
    assert future.task.cargo is None
    assert loop.worker.idle


def test_a_value_that_could_be_changed_is_copied(loop: Loop) -> None:
    """As if another rank had run the call: then it is a task."""
    future = futures.submit(kept)
    assert future.result() == _kept
    assert future.result() is not _kept
    assert future.task.finished
    assert loop.worker.idle


def test_an_error_makes_a_task(loop: Loop) -> None:
    """It is raised as any other is."""
    future = futures.submit({}.__getitem__, 3)
    with pytest.raises(KeyError):
        future.result()
    assert future.task.finished
    assert loop.worker.idle


def test_any_attribute_may_be_set_on_a_future(loop: Loop) -> None:
    """Whatever we call our own."""
    future = futures.submit(abs, -3)
    vars(future).update(begun=7, returned=7, left=7)
    assert not future.running()
    assert future.result() == 3
    assert loop.worker.counts["run"] == 1


def test_a_call_in_hand_is_running(loop: Loop) -> None:
    """Also for a thread that asks just when its maker has taken it."""
    future = futures.submit(abs, -3)
    (draft,) = loop.drafts
    assert draft.left.pop() == 0
    loop.drafts.clear()
    assert future.running()
    assert future.task.running == 1


def test_who_runs_drafts_only_runs_what_is_due(loop: Loop) -> None:
    """Callbacks, and what finalisers have left."""
    ran: list[str] = []
    loop.run_soon(lambda: ran.append("due"))
    assert futures.submit(abs, -3).result() == 3
    assert ran == ["due"]


def test_an_interrupt_loses_no_draft(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come while drafts are filed."""
    one, two = futures.submit(abs, -1), futures.submit(abs, -2)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop.worker, "new_task", interrupted)
        with pytest.raises(KeyboardInterrupt):
            two.running()
    assert len(loop.drafts) == 2
    assert not two.running()
    assert [one.task.serial, two.task.serial] == [1, 2]
    assert [one.result(), two.result()] == [1, 2]


def test_arguments_are_let_go_of(loop: Loop) -> None:
    """Who holds the future need not hold them."""
    future = futures.submit(len, "x" * 1_000_000)
    (draft,) = loop.drafts
    cargo = draft.cargo
    assert cargo is not None
    assert future.result() == 1_000_000
    assert cargo.call_bytes < 1000


def test_whoever_looks_files_all(loop: Loop) -> None:
    """In the order in which they were made."""
    made = [futures.submit(abs, -x) for x in range(4)]
    assert made[2].running() is False
    assert [future.task.serial for future in made] == [1, 2, 3, 4]
    assert not loop.drafts
    assert [future.result() for future in made] == [0, 1, 2, 3]


@pytest.mark.usefixtures("loop")
def test_a_map_comes_after_the_drafts_before_it() -> None:
    """So that the newest task is the newest."""
    future = futures.submit(abs, -1)
    assert list(futures.map(abs, range(-9, 0))) == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert filed(future) is not None
    assert future.task.serial == 1


def test_a_draft_that_runs_can_be_looked_at(loop: Loop) -> None:
    """By the call itself: it runs, and ends once."""
    seen = []

    def look() -> str:
        seen.append((future.running(), future.done(), future.cancel()))
        return "looked"

    future = futures.submit(look)
    assert future.result() == "looked"
    assert seen == [(True, False, False)]
    assert future.done()
    assert loop.worker.counts["run"] == 1
    assert loop.worker.idle


def test_who_asks_for_work_gets_drafts(root: Loop) -> None:
    """They are filed when the request comes."""
    future = futures.submit(abs, -1)
    assert filed(future) is None
    with root.lock:
        root.perform([Send(BROKER, Ask(1, 1))])
    assert filed(future) is not None
    assert future.task.leases[1].borrower == 1


def test_the_ticker_tells_of_drafts(root: Loop) -> None:
    """By the oldest of them, once."""
    one, two = futures.submit(abs, -1), futures.submit(abs, -2)
    for _ in range(2):
        with root.lock:
            root.tick(look=False)
        assert root.worker.told_surplus
        assert filed(one) is not None
        assert filed(two) is None


@pytest.mark.usefixtures("root")
def test_news_are_no_drafts() -> None:
    """Nobody knows how long it takes: others hear of it at once."""
    assert filed(futures.submit(max, 1, 2)) is not None


# --- small maps ------------------------------------------------------------------------------


def drafted_map(
    loop: Loop, func: Callable[[Any], Any], items: list[Any]
) -> tuple[Iterator[Any], Draft]:
    """Map, and return the results and the draft that is behind them."""
    results = futures.map(func, items)
    (draft,) = loop.drafts
    return results, draft


def test_a_small_map_makes_no_task(loop: Loop) -> None:
    """It counts as one all the same, and its calls are counted and timed."""
    results, draft = drafted_map(loop, abs, [-1, -2, -3])
    assert list(results) == [1, 2, 3]
    assert draft.task is None
    assert not loop.drafts
    assert loop.worker.counts["run"] == 3
    assert loop.worker.made == 1
    assert loop.worker.idle


def test_the_items_of_a_map_are_those_of_its_making(loop: Loop) -> None:
    """What becomes of their list later is nobody's business."""
    items = [-1, -2]
    results, _ = drafted_map(loop, abs, items)
    items.clear()
    assert list(results) == [1, 2]


def test_the_rest_of_a_map_is_for_whoever_asks(root: Loop) -> None:
    """While its maker runs its first call, and before it asks for that."""
    lent: list[tuple[int, int]] = []

    def look(index: int) -> int:
        if index == 1:
            with root.lock:
                root.perform([Send(BROKER, Ask(1, 1))])
            assert draft.task is not None
            draft.task.validate()
            assert draft.task.running == 1
            assert draft.task.done == 1
            (lease,) = draft.task.leases.values()
            lent.extend(lease.missing)
        return index

    hooks["first"] = look
    results, draft = drafted_map(root, first, [0, 1, 2, 3])
    assert next(results) == 0
    assert next(results) == 1
    assert lent == [(2, 4)]
    root.worker.validate()


def test_a_map_that_its_maker_has_left_runs_on(root: Loop) -> None:
    """Nobody asks for what is left of it; somebody else may run that."""
    results, draft = drafted_map(root, abs, [-1, -2, -3])
    assert next(results) == 1
    del results
    with root.lock:
        root.tick(look=False)
    assert draft.task is not None
    draft.task.validate()
    assert list(draft.task.unstarted) == [(1, 3)]
    assert draft.task.done == 1


def test_what_was_filed_between_two_results_is_run_here(root: Loop) -> None:
    """If nobody else has taken it: what was yielded is not run again."""
    results, draft = drafted_map(root, abs, [-1, -2, -3])
    assert next(results) == 1
    with root.lock:
        root.tick(look=False)
    assert draft.task is not None
    assert list(results) == [2, 3]
    assert root.worker.counts["run"] == 3
    assert draft.task.finished


def test_a_map_in_hand_leaves_the_rest(root: Loop) -> None:
    """Whoever files it just when its maker has taken a call gets those after it."""
    _, draft = drafted_map(root, abs, [-1, -2, -3])
    assert draft.left.pop() == 0
    task = root.file(draft)
    task.validate()
    assert task.running == 1
    assert list(task.unstarted) == [(1, 3)]
    assert not draft.left


def test_the_older_of_two_maps_is_filed_first(root: Loop) -> None:
    """Also if its maker has taken from it since it has made the other one."""
    older, draft = drafted_map(root, abs, [-1, -2, -3])
    younger = futures.map(abs, [-4])
    assert next(older) == 1
    with root.lock:
        root.tick(look=False)
    assert draft.task is not None
    assert list(younger) == [4]
    assert list(older) == [2, 3]


def test_who_reads_on_goes_on(loop: Loop) -> None:
    """Nobody ends a map by ending what reads it."""

    def reader() -> Iterator[int]:
        yield from results

    results, _ = drafted_map(loop, abs, [-1, -2, -3])
    reading = reader()
    assert next(reading) == 1
    reading.close()  # type: ignore[attr-defined]  # it is a generator
    assert list(results) == [2, 3]


def test_the_values_of_a_map_are_let_go_of(loop: Loop) -> None:
    """Who holds its iterator holds none of them."""
    results, draft = drafted_map(loop, abs, [-1, -2])
    assert list(results) == [1, 2]
    assert draft.returned is None


def test_a_map_goes_on_as_a_task(loop: Loop) -> None:
    """Where a value is to be copied, or a call raises: the values before are not yielded again."""
    results, draft = drafted_map(loop, {1: 10, 2: [20], 3: 30}.__getitem__, [1, 2, 3, 4])
    assert next(results) == 10
    assert draft.task is None
    assert next(results) == [20]
    assert draft.task is not None
    assert next(results) == 30
    with pytest.raises(KeyError):
        next(results)
    assert list(results) == []
    assert loop.worker.counts["run"] == 4
    assert loop.worker.idle


def test_the_last_call_of_a_map_may_raise(loop: Loop) -> None:
    """Then nothing is left to be run."""
    results, draft = drafted_map(loop, {1: 10}.__getitem__, [1, 2])
    assert next(results) == 10
    with pytest.raises(KeyError):
        next(results)
    assert draft.task is not None
    assert draft.task.finished
    assert loop.worker.idle


def test_a_map_of_nothing_is_no_draft(loop: Loop) -> None:
    """Nobody would take it away again."""
    assert list(futures.map(abs, [])) == []
    assert not loop.drafts


def test_the_arguments_are_the_task_s(root: Loop) -> None:
    """Once there is one: who holds the results does not hold them."""
    _, draft = drafted_map(root, abs, [-1, -2])
    task = root.file(draft)
    assert task.cargo is not None
    assert draft.cargo is None


def test_an_ended_map_can_be_filed(loop: Loop) -> None:
    """It has ended then; its arguments were let go of."""
    results, draft = drafted_map(loop, abs, [-1, -2])
    assert list(results) == [1, 2]
    assert draft.cargo is not None
    assert draft.cargo.cut(0, 2)[1] == []
    task = loop.file(draft)
    assert task.finished
    assert list(task.arrived) == [1]
    assert task.cargo is None
    task.validate()
    assert loop.worker.idle


def test_maps_inside_maps_are_filed_oldest_first(root: Loop) -> None:
    """So that what is lent is what lies nearest to the root."""

    def child(_: int) -> int:
        with root.lock:
            root.perform([Send(BROKER, Ask(1, 1))])
        return 0

    def parent(_: int) -> int:
        inner = futures.map(second, [1, 2])
        drafts.extend(root.drafts)
        return next(inner)

    hooks.update(first=parent, second=child)
    drafts: list[Draft] = []
    outer = futures.map(first, [1, 2])
    assert next(outer) == 0
    serials = [draft.task.serial for draft in drafts if draft.task is not None]
    assert serials == [1, 2]
    oldest = drafts[0].task
    assert oldest is not None
    assert [list(lease.missing) for lease in oldest.leases.values()] == [[(1, 2)]]


@pytest.mark.usefixtures("loop")
def test_a_map_of_objects_with_state_calls_one_copy() -> None:
    """Whether it is a draft or not."""

    class Counter:
        def __init__(self) -> None:
            self.calls = 0

        def __call__(self, _: int) -> int:
            self.calls += 1
            return self.calls

    counter = Counter()
    assert list(futures.map(counter, [0, 0, 0])) == [1, 2, 3]
    assert counter.calls == 0


@pytest.mark.usefixtures("loop")
def test_a_second_thread_ends_drafts() -> None:
    """It could run them."""
    made = futures.submit(abs, -1)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(futures.submit(abs, -2).result()))
    thread.start()
    thread.join(30)
    assert taken == [2]
    assert filed(made) is not None
    assert filed(futures.submit(abs, -3)) is not None
