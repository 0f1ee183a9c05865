"""Serves the other ranks while user code runs on this one.

A small thread that wakes when it is rung, and now and then anyway, pumps messages, lends, and gives
back what a long call holds up. It moves bytes only: it never pickles or unpickles user types,
imports, runs callbacks or switches greenlets. While the main thread pumps for itself, it stands
still.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now


class Ticker:
    """The ticker thread of a rank.

    Args:
        loop: The rank's loop.
        on_halt: Called once, from this thread, when the program has ended and the main thread has
            not left its call within the grace period.
        look_around: Called now and then, in every state of this rank.
        on_crash: Called with what ended the thread, if anything does: nobody would serve the
            other ranks, who would wait for ever.
    """

    def __init__(
        self,
        loop: Loop,
        on_halt: Callable[[], None],
        look_around: Callable[[], None],
        on_crash: Callable[[BaseException], None],
    ) -> None:
        self._loop = loop
        self._on_halt = on_halt
        self._look_around = look_around
        self._on_crash = on_crash
        self._stopping = threading.Event()
        self._halted_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="scoop_mpi ticker", daemon=True)

    def start(self) -> None:
        """Start to tick."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait until the thread touches nothing any more."""
        self._stopping.set()
        self._loop.awake.set()
        self._loop.bell.ring_ticker()
        if not self.is_me:
            self._thread.join()

    @property
    def is_me(self) -> bool:
        """Whether the thread that asks is the ticker's."""
        return threading.current_thread() is self._thread

    def _run(self) -> None:
        try:
            self._tick_on()
        except BaseException as error:  # a bug of ours, or MPI's error
            self._on_crash(error)

    def _tick_on(self) -> None:
        loop = self._loop
        # Where ranks share cores, their tickers together must not take the time of the calls.
        sharing = loop.ranks / (os.cpu_count() or 1) if loop.bell.rings else 1.0
        shortest = settings.TICK_S * max(1.0, sharing)
        period = shortest
        dozed = 0
        rung = False
        looked = 0.0
        while not self._stopping.is_set():
            # Rung again and again it ticks no more often than this; messages wait for each other.
            if not (rung and self._stopping.wait(settings.TICK_S)):
                rung = loop.bell.tick_after(period)
            self._look_around()
            if self._may_stand_still():
                period = shortest
                dozed += 1
                if dozed > settings.DOZED_TICKS:
                    self._stand_still()
                continue
            dozed = 0
            with loop.lock:
                if self._stopping.is_set():
                    return
                look = rung or not loop.bell.rings or now() > looked + settings.UNRUNG_S
                if look:
                    looked = now()
                busy = loop.tick(look=look) or loop.transport.busy
            if loop.problem is not None:
                loop.on_problem()
            self._look_after_halt()
            period = shortest if busy else min(period * settings.TICK_GROWTH, self._longest())

    def _longest(self) -> float:
        """Return for how long the ticker may sleep."""
        if not self._loop.bell.rings:
            return settings.TICK_MOST_S
        idle = self._loop.worker.idle and not self._loop.drafts
        return settings.TICK_IDLE_S if idle else settings.TICK_RUNG_S

    def _stand_still(self) -> None:
        """Wait until the main thread is back in user code."""
        loop = self._loop
        loop.awake.clear()
        loop.still = True
        # Looked at again: whoever left the pump in between did not see that we stand.
        if self._may_stand_still():
            loop.awake.wait(settings.PARENT_CHECK_S)
        loop.still = False

    def _may_stand_still(self) -> bool:
        return self._loop.dozing and not self._stopping.is_set()

    def _look_after_halt(self) -> None:
        if self._loop.halted is None:
            return
        if self._halted_at is None:
            self._halted_at = now()
        elif now() - self._halted_at > settings.GRACE_S:
            self._stopping.set()
            self._on_halt()
