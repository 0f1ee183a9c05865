"""A loop that a thread of its own drives, while the program's threads wait in ways of their own.

`futures` lets whoever waits do the work. A program that waits elsewhere, for a future of
`concurrent.futures` or in an event loop of asyncio, does none: so the first call of an executor
starts the *server*, a thread that takes the loop over from the main thread, and is from then on what
a worker's main thread is: it runs calls, one at a time, parks and resumes them, and sleeps on the
bell. All other threads of the program only wait for it; `futures` may be used on any of them.

A call may use executors, too, and wait for its own calls elsewhere. There the thread that drives is
the one that waits. What other ranks do not take is then run *aside*, by a thread that looks whether
the call stands still.

Whoever drives the loop is `Loop.thread`. The server takes it over at a moment when the main thread
is not in the loop and has left nothing parked there; until then it drives on, if it waits by our
means.

Programs without an executor have none of this: their loop is a plain `Loop`.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
import time
from _thread import LockType, allocate_lock
from collections.abc import Iterator
from queue import SimpleQueue
from types import FrameType
from typing import Any

from scoop_mpi._kernel.protocol import BROKER
from scoop_mpi._kernel.task import Block, Task
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.stderr import say
from scoop_mpi._runtime.threads import Threaded, become
from scoop_mpi._runtime.values import outcomes
from scoop_mpi._runtime.values.cargo import Cargo
from scoop_mpi._runtime.wire.doorbell import Naps
from scoop_mpi._runtime.wire.transport import end_process
from scoop_mpi._runtime.work import Work

_starting = threading.Lock()
_LOOP = frozenset({Loop.__module__, Work.__module__})


class Served(Threaded):
    """A loop whose calls run on the server's thread, for the threads of a program.

    Made of a `Loop` in use, by `serve_threads`.
    """

    _inside = 0
    """How often the main thread is in the loop, as long as it is the one that drives."""
    _leaving = False
    _server: threading.Thread | None = None

    # --- taking over -------------------------------------------------------------------------

    def start_server(self) -> None:
        """Let a thread of its own drive this loop, as soon as the main thread is not in it."""
        if not self.bell.rings:
            self.bell = _OwnBell(self.bell.longest_s if self.ranks > 1 else settings.NAP_S)
        self._server = threading.Thread(
            target=self._serve_threads, name="scoop_mpi server", daemon=True
        )
        self._server.start()

    def hand_over(self) -> None:
        """Let the server drive from now on, if this thread drives, and is not in the loop."""
        mine = self._server is not None and threading.get_ident() == self.thread
        if mine and not self.group and self._may_take_over():
            self._wanted.set()
            self._taken_over.wait()

    @functools.cached_property
    def _wanted(self) -> threading.Event:
        """Set when the server can take over at once."""
        return threading.Event()

    @functools.cached_property
    def _taken_over(self) -> threading.Event:
        """Set once the server drives, or has failed."""
        return threading.Event()

    def _may_take_over(self) -> bool:
        return not (self._inside or self.worker.parked or _is_in_loop(self.thread))

    def _serve_threads(self) -> None:
        try:
            pause = settings.TICK_S
            while not self._take_over():
                self._wanted.wait(pause)
                self._wanted.clear()
                pause = min(2.0 * pause, settings.TICK_RUNG_S)
            self.serve()
        except _Leave:
            pass
        except BaseException as error:  # a bug of ours, or MPI's error: nobody would serve any more
            if not self._leaving:
                self._crash(error)
        finally:
            self._taken_over.set()

    def _crash(self, error: BaseException) -> None:
        text = (
            f"scoop_mpi: {self.where} failed outside of any call:\n{outcomes.format_error(error)}"
        )
        if self.ranks > 1:
            self.problem = self.problem or text
            self.on_problem()
        say(text)
        end_process(1)

    def _take_over(self) -> bool:
        """Become the thread that drives, if the main thread is not in the loop now."""
        if self._leaving:
            raise _Leave
        with self.lock:
            if not self._may_take_over():
                return False
            self.thread = threading.get_ident()
            self._start_greenlets()
        self._taken_over.set()
        return True

    def retire(self) -> None:
        """Give the loop back to the thread that asks; what the server runs is left to itself."""
        self._leaving = True
        if self._server is None or self.thread != self._server.ident:
            return
        self.news += 1
        self._nudge()
        self._server.join(settings.RETIRE_S)
        self.thread = threading.get_ident()

    def _pump_and_rest(self, until: float | None, heard: int) -> None:
        if self._leaving and threading.current_thread() is self._server:
            if self._depth:  # within a call, which waits: it is not to see our exception
                _rest_for_ever()
            raise _Leave
        super()._pump_and_rest(until, heard)

    def run(self, block: Block) -> None:
        """Run a block of calls and report what became of them."""
        if self._leaving and threading.current_thread() is self._server:
            _rest_for_ever()
        super().run(block)

    # --- calls of a call that waits elsewhere ------------------------------------------------

    @property
    def runs_aside(self) -> bool:
        """Whether the thread that asks runs calls aside."""
        return bool(getattr(self.of_thread, "runs_aside", False))

    def run_aside(self, task: Task) -> None:
        """Have a call that this thread's call has made run on another thread, if need be.

        This thread may go on to wait for it by other means than ours, and it drives the loop, or runs
        calls aside itself: nobody else would run it on this rank.
        """
        maker = threading.get_ident()
        with _starting:
            aside = self._asides.get(maker)
            if aside is None:
                aside = self._asides[maker] = SimpleQueue()
                name = "scoop_mpi aside"
                run = functools.partial(self._run_for, maker, aside)
                threading.Thread(target=run, name=name, daemon=True).start()
        aside.put(task)

    @functools.cached_property
    def _asides(self) -> dict[int, SimpleQueue[Task]]:
        """For each thread that makes calls within calls, those that may have to be run aside."""
        return {}

    def _run_for(self, maker: int, aside: SimpleQueue[Task]) -> None:
        """Run what a call has made, in order, whenever its thread stands still outside the loop."""
        self.of_thread.runs_aside = True
        while True:
            task = aside.get()
            block = None
            while task.unstarted.count and block is None:
                if self._stands_still(maker):
                    with self.lock:
                        block = self.worker.claim(task, 0, now())
            if block is not None:
                self.run(block)
            del task, block

    def _stands_still(self, thread: int) -> bool:
        """Look for some milliseconds whether a thread is blocked elsewhere than in the loop."""
        clock = time.pthread_getcpuclockid(thread)
        before = time.clock_gettime(clock)
        time.sleep(settings.ASIDE_S)
        used = time.clock_gettime(clock) - before
        return used < settings.ASIDE_S / 10 and not (self.dozing and thread == self.thread)

    # --- what other threads do ---------------------------------------------------------------

    @contextlib.contextmanager
    def _driving(self) -> Iterator[bool]:
        """Tell whether this thread drives the loop, and let it drive on while it is here."""
        with self.lock:
            mine = self.thread == threading.get_ident()
            self._inside += mine
        try:
            yield mine
        finally:
            if mine:
                with self.lock:
                    self._inside -= 1

    def push(self, calls: int, cargo: Cargo, retries: int | None = None) -> Task:
        """Make a task of this rank's; with one rank, those of the program are run in their order."""
        task = super().push(calls, cargo, retries)
        if self.ranks == 1 and threading.get_ident() != self.thread:
            with self.lock:
                self.worker.defer(task)
        return task

    def obtain(
        self, task: Task, index: int, until: float | None = None
    ) -> tuple[int, bool, Any] | None:
        """Return the outcome of the calls from `index` on; None if they are not there in time."""
        with self._driving() as mine:
            if mine or self.runs_aside:
                return super().obtain(task, index, until)
        while index not in task.arrived:
            wait = Wait(1)
            with self.lock:
                if index in task.arrived:
                    break
                self.worker.watch(wait, task, index)
            try:
                self._wait_for_server(wait, until)
            finally:
                if not wait.satisfied:
                    with self.lock:
                        self.worker.unwatch(wait, task)
            if until is not None and now() >= until:
                break
        return task.arrived.get(index)

    def await_any(self, wait: Wait, tasks: list[Task], until: float | None) -> bool:
        """Wait until `wait` is satisfied; False if the time is over."""
        with self._driving() as mine:
            if mine or self.runs_aside:
                return super().await_any(wait, tasks, until)
        while not wait.satisfied and (until is None or now() < until):
            self._wait_for_server(wait, until)
        return wait.satisfied

    def help_along(self, task: Task) -> None:
        """Run calls for a caller who polls: nothing to do where the server does."""
        with self._driving() as mine:
            if mine or self.runs_aside:
                super().help_along(task)

    def park(self, wait: Wait, until: float | None = None, offered: float | None = None) -> None:
        """Leave the caller here until its wait is satisfied or the time is over."""
        with self._driving() as mine:
            if mine:
                super().park(wait, until, offered)
        if not mine:
            self._wait_for_server(wait, until)

    def _joins_nobody(self) -> bool:
        # But a call may wait for what it had run aside.
        return threading.current_thread() is self._server and self.thread not in self._asides

    def _wait_for_server(self, wait: Wait, until: float | None) -> None:
        """Block this thread until the wait is satisfied, the time is over, or it may drive itself."""
        signal = allocate_lock()
        signal.acquire()
        with self.lock:
            if wait.satisfied:
                return
            wait.holder = signal
        seconds = -1 if until is None else max(0.0, until - now())
        try:
            signal.acquire(timeout=min(seconds, threading.TIMEOUT_MAX))
        finally:
            wait.holder = None

    def _resume(self, wait: Wait) -> None:
        holder = wait.holder
        if type(holder) is LockType:
            holder.release()
        elif type(holder) is SimpleQueue:
            holder.put(wait)
        else:
            super()._resume(wait)

    def run_callbacks(self) -> None:
        """Run the callbacks of futures that are done, on this thread."""
        if threading.get_ident() == self.thread:
            super().run_callbacks()
            return
        while self._callbacks:
            with contextlib.suppress(IndexError):  # the server has run the last one
                self._callbacks.popleft()()


class _Leave(BaseException):
    """Ends the server."""


class _OwnBell(Naps):
    """The bell of a rank that others cannot ring, but its own threads can."""

    def __init__(self, longest_s: float) -> None:
        super().__init__(longest_s)
        self._rung = threading.Event()

    def ring(self, rank: int, *, hurry: bool = True) -> None:
        # Only a rank itself has this bell; for others it does nothing, and wakes this one for once.
        self._rung.set()

    def sleep(self, seconds: float) -> None:
        self._rung.wait(seconds)
        self._rung.clear()


def _rest_for_ever() -> None:
    """Keep a thread, with what lies on its stack, out of the way until the process ends."""
    threading.Event().wait()


def _is_in_loop(thread: int) -> bool:
    """Return whether a thread is running a method of the loop, or what such a method called."""
    frame: FrameType | None = sys._current_frames().get(thread)  # noqa: SLF001  for debuggers, and us
    while frame is not None:
        if frame.f_globals.get("__name__") in _LOOP:
            return True
        frame = frame.f_back
    return False


def serve_threads(loop: Loop) -> Served:
    """Let other threads wait for this loop: from now on, on the root, the server drives it.

    The root may be in a call that waits; a worker is always in one, and drives its loop itself.
    """
    with _starting:
        is_new = become(loop, Served)
        assert isinstance(loop, Served)
        if is_new:
            if loop.rank == BROKER:
                loop.start_server()
            # Threads wait for outcomes by means of their own, whatever the loop's thread computes.
            loop.bell.light_sleeper = True
            if not loop.dozing:
                loop.bell.leave_to_ticker(leave=True)
    loop.hand_over()
    return loop
