"""The ticker stands still while the main thread pumps, and stops when it is told to."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.ticker import Ticker
from scoop_mpi._runtime.wire.doorbell import Doorbell, Naps


def fake_loop(*, dozing: bool) -> Any:
    """A loop that only counts its ticks."""
    loop = SimpleNamespace(
        lock=threading.Lock(),
        awake=threading.Event(),
        ticked=threading.Event(),
        dozing=dozing,
        still=False,
        halted=None,
        problem=None,
        transport=SimpleNamespace(busy=False),
        bell=Naps(settings.NAP_S),
        ranks=2,
    )

    def tick(*, look: bool) -> bool:
        loop.looked = look
        loop.ticked.set()
        return False

    loop.tick = tick
    return loop


def idle() -> None:
    """Look around, and see nothing."""


def never(*_: object) -> None:
    """Fail: nothing went wrong that this would be told of."""
    raise AssertionError


@pytest.mark.timeout(30)
@pytest.mark.parametrize("delay_s", [0.0, 2 * settings.TICK_S])
def test_it_stops_at_once_even_if_it_stands_still(
    monkeypatch: pytest.MonkeyPatch, delay_s: float
) -> None:
    """However it is caught: no stop is lost to the clearing of the wake-up (it waits for hours)."""
    monkeypatch.setattr(settings, "PARENT_CHECK_S", 7200.0)
    for _ in range(50):
        loop = fake_loop(dozing=True)
        ticker = Ticker(loop, never, idle, never)
        ticker.start()
        threading.Event().wait(delay_s)
        ticker.stop()
        assert not loop.ticked.is_set()


def test_it_ticks_while_the_main_thread_is_busy() -> None:
    """And goes on when it was woken from standing still."""
    loop = fake_loop(dozing=True)
    ticker = Ticker(loop, never, idle, never)
    ticker.start()
    loop.dozing = False
    loop.awake.set()
    assert loop.ticked.wait(30)
    ticker.stop()


def test_a_rung_ticker_looks_for_messages(tmp_path: Path) -> None:
    """At once, though it would not have ticked for hours, and though the rank sleeps elsewhere."""
    mine, other = (Doorbell(str(tmp_path), rank, 2) for rank in range(2))
    rung = []
    waiter = threading.Thread(target=lambda: rung.append(mine.tick_after(7200.0)))
    waiter.start()
    other.ring(0)  # rank 0 computes: nobody has said otherwise
    waiter.join(30)
    assert rung == [True]
    mine.leave_to_ticker(leave=False)
    other.ring(0)  # its main thread pumps: nobody is to be woken
    assert not mine.tick_after(0.0)
    mine.lie_down()
    other.ring(0)
    mine.sleep(7200.0)
    assert not mine.tick_after(0.0)
    mine.close()
    other.ring(0)  # it has left; nobody minds
    other.close()


def test_what_is_in_no_hurry_rings_light_sleepers_only(tmp_path: Path) -> None:
    """Nobody's ticker is woken for outcomes while calls run, unless other threads wait for these."""
    mine, other = (Doorbell(str(tmp_path), rank, 2) for rank in range(2))
    mine.leave_to_ticker(leave=True)
    other.ring(0, hurry=False)
    assert not mine.tick_after(0.0)
    other.ring(0)
    assert mine.tick_after(0.0)
    mine.light_sleeper = True
    mine.leave_to_ticker(leave=True)
    other.ring(0, hurry=False)
    assert mine.tick_after(0.0)
    mine.lie_down()
    other.ring(0, hurry=False)  # whoever sleeps has time for everything
    mine.sleep(7200.0)
    for bell in (mine, other):
        bell.close()


def test_few_bells_are_kept_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is rung, and however many there are, all are woken."""
    monkeypatch.setattr(settings, "OPEN_BELLS", 2)
    bells = [Doorbell(str(tmp_path), rank, 5) for rank in range(5)]
    before = len(list(Path("/proc/self/fd").iterdir()))
    for rank in (1, 2, 3, 4, 1, 3):
        bells[0].ring(rank)
        assert bells[rank].tick_after(0.0)
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 2
    for bell in bells:
        bell.close()
