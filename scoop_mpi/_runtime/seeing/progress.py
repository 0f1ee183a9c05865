"""How far the root's calls are: what is finished, not what was handed out.

The loop is asked, now and then, by a thread of its own: a call costs nothing more. Only the calls that
the program itself makes are counted, not those that they make in turn.

When all calls have ended and more are made, counting begins anew: a loop of maps shows each map.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from scoop_mpi._kernel.task import Task
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now

_WINDOW_S = 20.0
"""The rate is that of the latest so many seconds."""

_MODEST = 50
"""A look may take this part of the time, at most: there may be a million tasks."""

_BAR = 20


class Screen(Protocol):
    """Where progress is shown (see `screens`)."""

    every_s: float
    """How often."""

    def show(self, text: str) -> None:
        """Show how far it is now, in place of what was shown before where that can be."""

    def close(self, text: str) -> None:
        """Show what there is to say at the end, if anything."""


class Counts(NamedTuple):
    """How far the calls are."""

    done: int
    calls: int
    busy: int
    """How many ranks work."""

    ranks: int
    per_s: float
    """Calls that ended lately, a second."""


class Meter:
    """Counts the calls that one group of calls, such as the program, makes.

    Args:
        loop: Where they are made.
        label: What they are called; else the names of their functions.
        clock: Seconds.
    """

    def __init__(self, loop: Loop, label: str = "", clock: Callable[[], float] = now) -> None:
        self._loop = loop
        self._group = loop.group
        self._label = label
        self._clock = clock
        self._began = clock()
        self._open: deque[Task] = deque()
        self._names: dict[str, None] = {}
        self._calls = self._ended = 0
        """Of the tasks since counting began anew: all calls, and those of tasks that have ended."""
        self._before = 0
        """Calls that ended before counting began anew."""
        self._at_rest = True
        self._samples: deque[tuple[float, int]] = deque()

    def note(self, task: Task) -> None:
        """Count a new task in, if it is of this group."""
        if self._loop.group != self._group:
            return
        if self._at_rest:
            self._at_rest = False
            self._before += self._ended
            self._calls = self._ended = 0
            self._names = {}
            self._samples.clear()
            self._samples.append((self._clock(), 0))
        self._calls += task.calls
        self._names[task.key.rpartition(".")[2]] = None
        self._open.append(task)

    def look(self) -> Counts:
        """Return how far the calls are."""
        done = 0
        borrowers: set[int] = set()
        loop = self._loop
        for _ in range(len(self._open)):
            task = self._open.popleft()
            if task.finished:
                self._ended += task.calls
                continue
            self._open.append(task)
            done += task.done
            with loop.lock:
                borrowers.update(lease.borrower for lease in task.leases.values())
        done += self._ended
        moment = self._clock()
        self._samples.append((moment, done))
        while len(self._samples) > 2 and moment - self._samples[1][0] >= _WINDOW_S:
            self._samples.popleft()
        then, had = self._samples[0]
        per_s = (done - had) / (moment - then) if moment > then else 0.0
        self._at_rest = not self._open
        return Counts(done, self._calls, self._busy(borrowers), loop.ranks, per_s)

    def _busy(self, borrowers: set[int]) -> int:
        """Return how many ranks work: those that hold our calls, and those that ask for none."""
        loop = self._loop
        idle = loop.hungry() - borrowers
        if loop.dozing:
            idle = idle | {loop.rank}
        return loop.ranks - len(idle | loop.worker.lost)

    def line(self) -> str:
        """Return how far the calls are, in one line."""
        done, calls, busy, ranks, per_s = self.look()
        name = self._label or ", ".join(list(self._names)[:2]) + ", ..." * (len(self._names) > 2)
        if not calls:
            return f"{self._label or 'no calls yet'}  {busy}/{ranks} ranks busy"
        filled = _BAR * done // calls
        left = f"{duration((calls - done) / per_s)} left" if per_s > 0.0 else "-:-- left"
        if done == calls:
            left = "all done"
        return (
            f"{name}  {'█' * filled}{'░' * (_BAR - filled)}  {done:,}/{calls:,} calls done  "
            f"{100 * done // calls} %  {rate(per_s)}  {left}  {busy}/{ranks} ranks busy"
        )

    def last_line(self) -> str:
        """Return what became of it all, in one line."""
        counts = self.look()
        done = self._before + counts.done
        seconds = self._clock() - self._began
        missing = f", {counts.calls - counts.done:,} have not" * (counts.done < counts.calls)
        mean = rate(done / seconds if seconds > 0.0 else 0.0)
        label = f"{self._label}: " if self._label else ""
        return f"{label}{done:,} calls ended in {duration(seconds)} ({mean}){missing}"


def duration(seconds: float) -> str:
    """Return a duration for people: 0:07, 12:30, 3:04:05."""
    whole = round(seconds)
    minutes, hours = whole // 60 % 60, whole // 3600
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def rate(per_s: float) -> str:
    """Return a rate for people."""
    if per_s >= 10.0:
        return f"{per_s:,.0f}/s"
    return f"{per_s:.1f}/s" if per_s >= 1.0 else f"{60.0 * per_s:.1f}/min"


class Progress:
    """Shows the calls that are made from here on, until `stop`.

    Args:
        screen: Where.
        label: What the calls are called; else the names of their functions.
    """

    def __init__(self, loop: Loop, screen: Screen, label: str = "") -> None:
        self.meter = Meter(loop, label)
        self._loop = loop
        self._screen = screen
        meter = self.meter

        def counted(*args: Any, **kwargs: Any) -> Task:
            task = type(loop).push(loop, *args, **kwargs)  # whose class an executor changes
            meter.note(task)
            return task

        # Only for as long as it is shown: nobody else pays for it.
        loop.drafting = False
        vars(loop)["push"] = counted
        self._stopping = threading.Event()
        self._ending = threading.Lock()
        self._thread = threading.Thread(target=self._go_on, name="scoop_mpi progress", daemon=True)
        self._thread.start()

    def _go_on(self) -> None:
        pause_s = self._screen.every_s
        while not self._stopping.wait(pause_s):
            began = now()
            self._screen.show(self.meter.line())
            pause_s = max(self._screen.every_s, _MODEST * (now() - began))

    def stop(self) -> None:
        """Show no more, but for one last line. A second time, do nothing."""
        if not self._ending.acquire(blocking=False):
            return
        self._stopping.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(1.0)
        vars(self._loop).pop("push", None)
        self._screen.close(self.meter.last_line())
