"""A loop that several threads of the program use: each has a place of its own in it.

What the loop notes of the call that runs belongs to one thread: a second one that ran a call at the same time
would put back what the first has left (and a depth that only grows ends in a thread that runs nothing).

And who waits runs other calls *on top*, and goes on when they have ended, instead of leaving them
parked for later: the thread that drives may go on to wait, by means that are not ours (`join`), for
a thread that waits for just such a call.

Programs of one thread do not pay for that: their loop is a plain `Loop` until a second thread comes.
"""

from __future__ import annotations

import math
import threading
import time
from contextvars import Context
from typing import Any

from scoop_mpi._kernel.wait import Wait
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.stderr import say

_LEFT = """\
scoop_mpi: {where}: a thread waits, and calls that the main thread began, before there were threads,
could go on; but the main thread left them {seconds:g} s ago. They go on as soon as it waits for
futures: `thread.join()` does not. Wait for those calls first, or for the thread by a future."""

_becoming = threading.Lock()


class _OfThread:
    """An attribute of the loop that belongs to the thread which drives.

    Args:
        kept: Whether other threads have their own, too; else it is 0 for them.
    """

    def __init__(self, *, kept: bool = True) -> None:
        self._kept = kept

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, loop: Threaded, _: type) -> Any:
        return self._attributes(loop).get(self._name, 0)

    def __set__(self, loop: Threaded, value: Any) -> None:
        self._attributes(loop)[self._name] = value

    def _attributes(self, loop: Threaded) -> dict[str, Any]:
        if threading.get_ident() == loop.thread:
            return vars(loop)
        return vars(loop.of_thread) if self._kept else {}


class Threaded(Loop):
    """A loop that knows which thread asks. Made of a `Loop` in use, by `become`."""

    group = _OfThread()
    _depth = _OfThread(kept=False)  # no greenlets to go to when it is deep
    _away_s = _OfThread()

    _left_since = math.inf
    """Since when calls that could go on have been left, as far as waiting threads have seen."""

    of_thread: threading.local
    """What threads that do not drive have of their own."""

    def _expect_threads(self) -> None:
        """They are expected."""

    def compute(self, *, short: bool = False) -> None:
        """Say that the thread that drives leaves its pump; where another one computes, it pumps on."""
        if threading.get_ident() == self.thread:
            super().compute(short=short)

    def park(self, wait: Wait, until: float | None = None, offered: float | None = None) -> None:
        """Leave the caller here until its wait is satisfied or the time is over; it may be earlier."""
        if threading.get_ident() == self.thread:
            super().park(wait, until, offered)
        else:
            self._park_thread(wait, until)

    def _park_thread(self, wait: Wait, until: float | None) -> None:
        """Wait on a thread that has no runners: pump now and then, until there is any news.

        Calls may have come back, which nobody else runs while the thread that drives is in user code.
        """
        heard = self.news
        enough = now() + settings.TICK_RUNG_S  # what came just before is seen then
        while not wait.satisfied and (until is None or now() < until):
            with self.lock:
                self.pump()
            if not wait.satisfied:
                self._look_for_left_calls()
                time.sleep(settings.TICK_S / 4)
            if self.news != heard or now() > enough:
                return

    def _look_for_left_calls(self) -> None:
        """Say it, once, if calls that could go on have been left by the thread that drives for long."""
        if self.dozing or not self._resumable:
            self._left_since = math.inf
        elif self._left_since == math.inf:
            self._left_since = now()
        elif now() - self._left_since > settings.LEFT_S:
            self._left_since = now() + threading.TIMEOUT_MAX
            say(_LEFT.format(where=self.where, seconds=settings.LEFT_S))

    def _joins_nobody(self) -> bool:
        """Return whether the thread that drives waits for no other by means that are not ours."""
        return False

    def _work_meanwhile(self, wait: Wait, *ends: float | None) -> bool:
        """Run a block on top of this caller; False if there is nothing to do."""
        # What was parked before threads came, what is too deep for this stack, and waits that end at a
        # time have greenlets.
        timed = any(end is not None for end in ends)
        deep = self._depth >= settings.INLINE_DEPTH
        if self._resumable or deep or timed or self._joins_nobody():
            return super()._work_meanwhile(wait, *ends)
        with self.lock:
            if wait.needed <= 0 or not self.worker.has_work:
                return False
            block = self.perform(self.worker.turn(now()))
        if block is None:
            return False
        kept = self._depth, self.group, self._away_s
        self._depth, self._away_s = self._depth + 1, 0.0
        started = now()
        try:
            Context().run(self.run, block)  # as a runner has one of its own
        finally:
            self.tally.note_block(block.source.key, now() - started - self._away_s)
            self._depth, self.group, self._away_s = kept
        return True


def become(loop: Loop, kind: type[Threaded]) -> bool:
    """Have each thread keep its own place from now on; return False if this kind of loop did so already."""
    with _becoming:
        if isinstance(loop, kind):
            return False
        vars(loop).setdefault("of_thread", threading.local())
        loop.__class__ = kind
    loop.drafting = False
    loop.file_drafts()  # now others may run them
    return True
