"""Limits on how long a call may run: it is interrupted, and if that fails its rank is given up.

An alarm of the operating system (SIGALRM) interrupts the main thread, where calls run. Its handler
raises if a call whose time is over is what runs there, and only in the user's code: in ours it tries
again soon, and a call that waits for others looks by itself (`Loop.park`). Calls may lie upon one
another in greenlets; each knows its own limits by its context.

Code that keeps the interpreter lock, or swallows whatever is raised in it, cannot be interrupted. On
a worker Python's watchdog, a thread without need of the lock, then writes where it is (see `crashes`),
and its neighbours end it. The root cannot be given up.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import FrameType
from typing import Any

from scoop_mpi._kernel.protocol import BROKER
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.faults import crashes
from scoop_mpi._runtime.here import current
from scoop_mpi._runtime.post import now
from scoop_mpi.errors import CallTimeout

_PACKAGE = __name__.partition(".")[0]


class Limit:
    """When the time of a call is over."""

    __slots__ = ("at",)

    def __init__(self, seconds: float) -> None:
        self.at = now() + seconds


class Interrupt(BaseException):
    """Raised in a call whose time is over. No `Exception`, lest the call takes it for one of its own."""

    def __init__(self, limit: Limit) -> None:
        super().__init__()
        self.limit = limit


_limits: ContextVar[tuple[Limit, ...]] = ContextVar("limits", default=())
"""Those of the calls that lie upon one another here, the outermost first."""

_all: list[Limit] = []
"""Those of all calls that have begun and not ended, parked ones included."""


class Limited:
    """A callable whose calls may take so long, each.

    Args:
        function: What is called.
        seconds: Wall-clock time from a call's start, its waits included.
    """

    def __init__(self, function: Callable[..., Any], seconds: float) -> None:
        self.function = function
        self.seconds = seconds
        # What its calls are known by, in messages and statistics.
        self.__qualname__ = getattr(function, "__qualname__", type(function).__qualname__)
        self.__module__ = getattr(function, "__module__", None) or type(function).__module__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function.

        Raises:
            CallTimeout: It was interrupted, for its time was over.
        """
        if threading.current_thread() is not threading.main_thread():
            return self.function(*args, **kwargs)
        limit = Limit(self.seconds)
        token = _limits.set((*_limits.get(), limit))
        _begin(limit)
        try:
            return self.function(*args, **kwargs)
        except Interrupt as interrupt:
            if interrupt.limit is not limit:
                raise
            where = current("limit").where
            text = f"{self.__qualname__} was interrupted after {self.seconds:g} s ({where})"
            raise CallTimeout(text).with_traceback(interrupt.__traceback__) from None
        finally:
            _end(limit)
            _limits.reset(token)


class Looks:
    """What the loop asks while a call waits."""

    def deadline(self) -> float | None:
        """Return when the time of a call that lies here is over; None without limits."""
        limits = _limits.get()
        return min(limit.at for limit in limits) if limits else None

    def check(self) -> None:
        """Raise if the time of a call that lies here is over."""
        moment = now()
        for limit in _limits.get():
            if moment >= limit.at:
                raise Interrupt(limit)


_LOOKS = Looks()


def _begin(limit: Limit) -> None:
    if signal.getsignal(signal.SIGALRM) is not _on_alarm:
        if signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL:
            raise CallTimeout(
                "a limit needs SIGALRM, for which the program has a handler of its own: make the calls "
                "without timeout=, or leave that signal to them"
            )
        signal.signal(signal.SIGALRM, _on_alarm)
    current("limit").limits = _LOOKS
    _all.append(limit)
    _set_timers()


def _end(limit: Limit) -> None:
    _all.remove(limit)
    _set_timers()


def _set_timers() -> None:
    """Set the alarm, and the watchdog of a worker, to the next end of a limit."""
    first = min((limit.at for limit in _all), default=None)
    if first is None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        faulthandler.cancel_dump_traceback_later()
        return
    left = max(first - now(), 1e-4)  # 0 would be none
    signal.setitimer(signal.ITIMER_REAL, left)
    if current("limit").rank != BROKER:
        # Not later than it was to be: a limit that is over stays over.
        overdue = max(first + settings.LIMIT_GRACE_S - now(), settings.LIMIT_AGAIN_S)
        # With a record its neighbours end it: ended by itself, with a code, half of such ranks would
        # end Open MPI's mpirun.
        recorded = crashes.file() is not sys.stderr
        faulthandler.dump_traceback_later(overdue, exit=not recorded, file=crashes.file())


def _on_alarm(_: int, frame: FrameType | None) -> None:
    """Interrupt the call that runs, if its time is over, and come again in any case."""
    signal.setitimer(signal.ITIMER_REAL, settings.LIMIT_AGAIN_S)
    if frame is not None and not _is_ours(frame):
        _LOOKS.check()


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == _PACKAGE
