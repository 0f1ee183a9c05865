"""A call that its maker runs where it asks for it never becomes a task; all others do, in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from scoop_mpi import futures
from scoop_mpi._kernel.protocol import BROKER, Ask, Send
from scoop_mpi._runtime import here
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.wire.transport import Alone, Frames, Transport

_kept = [3]


def kept() -> list[int]:
    """Return what stays here."""
    return _kept


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
    """The loop of rank 0 of two, which knows that `abs` is short."""
    for loop in installed(Two()):
        loop.worker.durations.note("builtins.abs", 1e-6, 1)
        yield loop


def test_who_asks_at_once_makes_no_task(loop: Loop) -> None:
    """It is counted, timed and answered like any other."""
    future = futures.submit(abs, -3)
    assert len(loop.drafts) == 1
    assert future.result() == 3
    assert future.filed is None
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


def test_who_runs_drafts_only_runs_what_is_due(loop: Loop) -> None:
    """Callbacks, and what finalisers have left."""
    ran: list[str] = []
    loop.run_soon(lambda: ran.append("due"))
    assert futures.submit(abs, -3).result() == 3
    assert ran == ["due"]


def test_an_interrupt_loses_no_draft(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come while drafts are filed."""
    first, second = futures.submit(abs, -1), futures.submit(abs, -2)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop.worker, "new_task", interrupted)
        with pytest.raises(KeyboardInterrupt):
            second.running()
    assert list(loop.drafts) == [first, second]
    assert not second.running()
    assert [first.result(), second.result()] == [1, 2]


@pytest.mark.usefixtures("loop")
def test_arguments_are_let_go_of() -> None:
    """Who holds the future need not hold them."""
    future = futures.submit(len, "x" * 1_000_000)
    assert future.result() == 1_000_000
    assert future.drafted is not None
    assert future.drafted[0].call_bytes < 1000


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
    assert list(futures.map(abs, [-2])) == [2]
    assert future.filed is not None
    assert future.filed.serial == 1


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
    assert future.filed is None
    with root.lock:
        root.perform([Send(BROKER, Ask(1, 1))])
    assert future.filed is not None
    assert future.filed.leases[1].borrower == 1


def test_the_ticker_tells_of_drafts(root: Loop) -> None:
    """By the oldest of them, once."""
    first, second = futures.submit(abs, -1), futures.submit(abs, -2)
    for _ in range(2):
        with root.lock:
            root.tick(look=False)
        assert root.worker.told_surplus
        assert first.filed is not None
        assert second.filed is None


@pytest.mark.usefixtures("root")
def test_news_are_no_drafts() -> None:
    """Nobody knows how long it takes: others hear of it at once."""
    assert futures.submit(max, 1, 2).filed is not None


@pytest.mark.usefixtures("loop")
def test_a_second_thread_ends_drafts() -> None:
    """It could run them."""
    made = futures.submit(abs, -1)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(futures.submit(abs, -2).result()))
    thread.start()
    thread.join(30)
    assert taken == [2]
    assert made.filed is not None
    assert futures.submit(abs, -3).filed is not None
