"""Drives the kernel on one rank: obtains results, parks callers, rests.

Who does what:

* The *program* (on rank 0) or a call computes (`work`). When it asks for a result that is not there, and
  the call is unstarted here, it runs it inline, as a plain function call.
* When the result is away, the caller parks: its greenlet is left, and a *runner* greenlet takes
  over, which runs whatever the kernel says, and switches back to callers whose results have come.
  Runners are kept and used again; new ones are made by the *nursery*, a greenlet that stands low
  on the stack, so that a chain of thousands of waiting calls does not pile up.
* Whoever waits, pumps messages. While user code computes, the ticker thread does (`ticker`).

What it does with messages stands in `post`.
"""

from __future__ import annotations

import heapq
import os
import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from itertools import count
from typing import Any, Protocol

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # has no stubs

from scoop_mpi._kernel.protocol import BROKER, Accepted, Define, Denied, Undefine, Unread
from scoop_mpi._kernel.task import Block, Task
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.values import memory
from scoop_mpi._runtime.wire.doorbell import Bell, Naps
from scoop_mpi._runtime.wire.transport import Transport
from scoop_mpi._runtime.work import Work


class Limits(Protocol):
    """What the loop asks of limits on calls (see `limits`, which needs the loop)."""

    def deadline(self) -> float | None:
        """Return when the time of a call that lies here is over; None without limits."""

    def check(self) -> None:
        """Raise if the time of a call that lies here is over."""


class Loop(Work):
    """One rank at work: its parked callers and its rest."""

    bell: Bell
    news: int
    group: int
    dozing_since: float

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._tickets = count(1)
        self.limits: Limits | None = None
        """Tells of limits on how long calls may run; None while there were none."""
        self._start_greenlets()
        self._base: greenlet | None = None
        """Where a worker goes on when the program has ended."""
        self._resumable: deque[Wait] = deque()
        self._callbacks: deque[Callable[[], None]] = deque()
        self._calling_back = 0
        """How many callbacks are running, or parked."""
        self._alarms: list[tuple[float, int, Wait]] = []
        self._alarm_numbers = count()
        self._many_alarms = settings.ALARMS
        # Rest
        self._quiet_since = now()
        self._ticked = 0.0
        self._came = False
        """Whether the latest pump has brought anything, and nobody has asked for work since."""
        shared = self.ranks > (os.cpu_count() or 1)
        if shared:
            self.bell = Naps(settings.SLEEP_MOST_SHARED_S)
        self._least_spin_s = 0.0 if shared else settings.SPIN_LEAST_S
        self._spin_s = 0.0 if shared else settings.SPIN_S
        self._spin_in_flight_s = 0.0 if shared else settings.IN_FLIGHT_S

    def obtain(
        self, task: Task, index: int, until: float | None = None
    ) -> tuple[int, bool, Any] | None:
        """Return the outcome of the calls from `index` on: (stop, failed, payload).

        Runs them here if nobody has started them. None if they are not there in time.
        """
        entry = task.arrived.get(index)
        if entry is not None:
            return entry
        offered = None if until is None else self._offer(until)
        while True:
            if offered is not None and now() >= offered:
                offered = None
            block = None
            if offered is None and self._may_run():
                with self.lock:
                    block = self.worker.claim(task, index, now())
            if block is not None:
                self.run(block)
            if self._callbacks:
                self.catch_up()
            entry = task.arrived.get(index)
            if entry is not None:
                return entry
            if block is None:
                if until is not None and now() >= until:
                    return None
                wait = Wait(1)
                with self.lock:
                    if index in task.arrived:
                        continue
                    self.worker.watch(wait, task, index)
                self.park(wait, until, offered)
                if not wait.satisfied:
                    with self.lock:
                        self.worker.unwatch(wait, task)

    def _offer(self, until: float | None) -> float | None:
        """Offer calls to others for a timed wait; until when, or None for not at all."""
        if until is None or self.ranks == 1:
            return None
        with self.lock:
            self.perform(self.worker.offer())
        return now() + settings.OFFER_S

    def await_any(self, wait: Wait, tasks: list[Task], until: float | None) -> bool:
        """Wait until `wait` is satisfied; run unstarted calls of these tasks, in order, meanwhile.

        Returns:
            Whether it is satisfied; False if the time is over.
        """
        offered = self._offer(until)
        position = 0
        refiled = self.worker.refiled
        while not wait.satisfied:
            if until is not None and now() >= until:
                return False
            if offered is not None and now() >= offered:
                offered = None
            block = None
            if offered is None and self._may_run():
                while block is None and position < len(tasks):
                    block = self._claim_any(tasks[position])
                    if block is None:
                        position += 1
            if block is not None:
                self.run(block)
            else:
                self.park(wait, until, offered)
                if self.worker.refiled != refiled and threading.get_ident() != self.thread:
                    refiled, position = self.worker.refiled, 0  # nobody else may run them
            self.catch_up()
        return True

    def help_along(self, task: Task) -> None:
        """Run unstarted calls of a task here, for a caller who polls; or what is for this rank."""
        block = self._claim_any(task) if self._may_run() else None
        if block is None and self.worker.bound and threading.get_ident() == self.thread:
            with self.lock:
                block = self.perform(self.worker.turn(now()))
        if block is not None:
            self.run(block)

    def _claim_any(self, task: Task) -> Block | None:
        with self.lock:
            for start, _ in task.unstarted:
                return self.worker.claim(task, start, now())
        return None

    def _expect_threads(self) -> None:
        from scoop_mpi._runtime.threads import Threaded, become  # noqa: PLC0415  few programs have threads

        become(self, Threaded)

    # --- parking and greenlets ---------------------------------------------------------------

    def park(self, wait: Wait, until: float | None = None, offered: float | None = None) -> None:
        """Leave the caller here until its wait is satisfied or the time is over.

        Until `offered`, this rank starts nothing: what the caller waits for is left to others.
        May return early; the caller looks at its wait.
        """
        if threading.get_ident() != self.thread:
            self._expect_threads()
            self.park(wait, until)  # of its new class
            return
        started = self._quiet_since = now()
        saved = self._depth, self.group, self._away_s
        limit = None if self.limits is None else self.limits.deadline()
        self.worker.parked += 1
        try:
            while True:
                self.file_drafts()  # a callback may have made more
                heard = self.news
                moment = now()
                if wait.satisfied or (until is not None and moment >= until):
                    break
                if self.limits is not None and limit is not None and moment >= limit:
                    self.limits.check()
                if offered is not None and moment >= offered:
                    break
                if self._alarms:
                    self._ring_alarms()
                if self._callbacks:
                    self.run_callbacks()
                elif offered is None and self._work_meanwhile(wait, until, limit):
                    pass
                else:
                    alarm = self._alarms[0][0] if self._alarms else None
                    ends = [end for end in (until, offered, limit, alarm) if end is not None]
                    self._pump_and_rest(min(ends) if ends else None, heard)
        finally:
            self.worker.parked -= 1
            self._depth, self.group, self._away_s = saved
            self._away_s += now() - started
            if self.dozing:
                self.compute()

    def _work_meanwhile(self, wait: Wait, *ends: float | None) -> bool:
        """Leave this caller for whatever there is to do; False if there is nothing.

        Args:
            ends: When it has to go on at the latest, each None for never.
        """
        with self.lock:
            if wait.needed <= 0 or not (self._resumable or self.worker.has_work):
                return False
            wait.holder = getcurrent()
        for end in ends:
            if end is not None:
                self._set_alarm(end, wait)
        self._next_runner().switch()
        wait.holder = None
        return True

    def _resume(self, wait: Wait) -> None:
        holder = wait.holder
        if isinstance(holder, greenlet):
            self._resumable.append(wait)
        elif holder is not None:
            self._callbacks.append(holder)

    def _start_greenlets(self) -> None:
        """Have greenlets of the thread that asks, which is going to drive this loop."""
        self._free: list[greenlet] = []
        self._nursery = greenlet(self._raise_runners)

    def retire(self) -> None:
        """Let no other thread of this rank drive the loop any more (see `served`)."""

    def _next_runner(self) -> greenlet:
        if self._free:
            return self._free.pop()
        if self._nursery.dead:  # an interrupt went through it
            self._nursery = greenlet(self._raise_runners)
        return self._nursery

    def _raise_runners(self) -> None:
        """Be the nursery: each switch to it makes a new runner, low on the stack."""
        while True:
            runner = greenlet(self._runner)
            runner.gr_context = copy_context()
            runner.switch()

    def _runner(self) -> None:
        """Run what the kernel says, and give the thread to callers whose results have come."""
        me = getcurrent()
        while True:
            self.file_drafts()  # of a call that has ended, or of a callback
            heard = self.news
            self._depth, self.group, self._away_s = 0, 0, 0.0
            if self._alarms:
                self._ring_alarms()
            if self._resumable:
                wait = self._resumable.popleft()
                holder, wait.holder = wait.holder, None
                if isinstance(holder, greenlet):
                    self._free.append(me)
                    holder.switch()
            elif self._callbacks:
                self.run_callbacks()
            elif self.halted is not None and self._base is not None:
                self._base.switch()
            else:
                with self.lock:
                    block = self.perform(self.worker.turn(now()))
                if block is not None:
                    self.run(block)
                else:
                    self._pump_and_rest(self._alarms[0][0] if self._alarms else None, heard)

    def serve(self) -> None:
        """Run calls for other ranks until the program has ended."""
        self._base = getcurrent()
        if self.halted is None:
            self._nursery.switch()

    def _set_alarm(self, until: float, wait: Wait) -> None:
        """Let a parked caller go on at a time, if nothing else does before."""
        heapq.heappush(self._alarms, (until, next(self._alarm_numbers), wait))
        if len(self._alarms) > self._many_alarms:
            self._alarms = [alarm for alarm in self._alarms if not alarm[2].satisfied]
            heapq.heapify(self._alarms)
            self._many_alarms = 2 * len(self._alarms) + settings.ALARMS

    def _ring_alarms(self) -> None:
        """Let callers go on whose time is over."""
        moment = now()
        while self._alarms and self._alarms[0][0] <= moment:
            wait = heapq.heappop(self._alarms)[2]
            if wait.holder is not None:
                self._resumable.append(wait)

    def run_callbacks(self) -> None:
        """Run the callbacks of futures that are done, on this thread."""
        while self._callbacks:
            try:
                callback = self._callbacks.popleft()
            except IndexError:  # another thread of the program has run the last one
                return
            if self.dozing:
                self.compute()
            self._calling_back += 1
            try:
                callback()
            finally:
                self._calling_back -= 1

    def run_soon(self, callback: Callable[[], None]) -> None:
        """Have something run on the main thread, when it waits next; from any thread, without a lock."""
        self._callbacks.append(callback)

    def when_free(self, action: Callable[[], None]) -> None:
        """Do something under the lock: at once if nobody has it, else when the main thread waits next.

        For finalisers, which run anywhere, even where this very thread holds the lock.
        """
        if self.lock.acquire(blocking=False):
            try:
                action()
            finally:
                self.lock.release()
        else:
            self.run_soon(lambda: self.when_free(action))

    def catch_up(self) -> None:
        """Run callbacks that are due, unless one is running: they keep their order."""
        if self._callbacks and not self._calling_back:
            self.run_callbacks()

    # --- rest --------------------------------------------------------------------------------

    def _pump_and_rest(self, until: float | None, heard: int) -> None:
        """Pump once; with nothing to do, say so, and sleep for a part of the silence so far.

        `heard` is what `news` was before this thread looked for something to do, and found nothing.
        """
        if not self.dozing:
            self.dozing = True
            self.dozing_since = now()
            self.bell.leave_to_ticker(leave=False)
        moment = now()
        with self.lock:
            if self.pump() and (not self._came or self.worker.has_work):
                # Whoever waits looks first: most likely it is for him, and then nothing else matters now.
                self._came = True
                self._quiet_since = moment
                self._spin_s = min(2.0 * self._spin_s, settings.SPIN_S)
                return
            self._came = False
            actions = self.worker.dry(moment)
            if moment - self._ticked > settings.TICK_S:
                self._ticked = moment
                self._cut_long_blocks(moment)
                actions += self.worker.tick(moment)
            if actions:
                self.perform(actions)
        if self.problem is not None:
            self.on_problem()
        if actions or self.news != heard:
            self._quiet_since = moment
            self._spin_s = min(2.0 * self._spin_s, settings.SPIN_S)
            return
        quiet = moment - self._quiet_since
        if quiet < (self._spin_s if not self.transport.busy else self._spin_in_flight_s):
            return
        pause = self.bell.longest_s
        if self.transport.busy or pause < settings.NAP_S:
            pause = min(max(quiet * settings.SLEEP_FRACTION, settings.SLEEP_LEAST_S), pause)
        if until is not None:
            pause = min(pause, max(0.0, until - moment))
        if quiet > settings.TRIM_S:
            memory.trim()
        self._sleep(pause, heard)

    def _sleep(self, seconds: float, heard: int) -> None:
        """Sleep, unless there is anything that this thread has not heard of."""
        self.bell.lie_down()
        with self.lock:
            for _ in range(settings.LAST_LOOKS):
                self.pump()  # what came before it was known that we sleep: nobody rang
            if self.news != heard:
                self.bell.get_up()
                self._quiet_since = now()
                return
        lay_down = now()
        self.bell.sleep(seconds)
        if now() - lay_down < min(settings.BLOCKED_S, seconds):
            self._spin_s = max(self._spin_s / 2.0, self._least_spin_s)

    def tick(self, *, look: bool) -> bool:
        """Do what a main thread in user code cannot. The lock is held. True on any traffic.

        Args:
            look: Whether messages may have come. Each look gives the interpreter lock away, and
                has to wait until it gets it back.
        """
        traffic = False
        if look or self.transport.busy:
            traffic = self.look()
        moment = now()
        if self._running:
            self._cut_long_blocks(moment)
        actions = self._tell_of_drafts() + self.worker.tick(moment)
        if actions:
            self.perform(actions)
        return traffic or bool(actions)

    # --- constants ---------------------------------------------------------------------------

    def define(self, items: tuple[tuple[str, Any], ...]) -> Denied | None:
        """Make constants; return why not, or None once they are known here."""
        constants = self.worker.constants
        while True:
            verdict = self._ask_registry(lambda ticket: constants.define(ticket, self.name, items))
            if isinstance(verdict, Accepted):
                return None
            if isinstance(verdict, Denied):
                return verdict
            # else rank 0 cannot read our memory, and gets it as a whole from now on

    def undefine(self, name: str) -> bool:
        """Free a constant on every rank; False if there is none of this name."""
        return isinstance(self._ask_registry(lambda ticket: Undefine(ticket, name)), Accepted)

    def _ask_registry(
        self, question: Callable[[int], Define | Undefine]
    ) -> Accepted | Denied | Unread:
        """Ask rank 0, and return its answer once what it has accepted is known here."""
        ticket = next(self._tickets)
        constants = self.worker.constants
        with self.lock:
            message = question(ticket)
        self.send(BROKER, message)
        self.await_constants(lambda: ticket in constants.verdicts, None)
        verdict = constants.verdicts.pop(ticket)
        if isinstance(verdict, Accepted):
            number = verdict.number
            self.await_constants(lambda: constants.number >= number, None)
        return verdict

    def new_name(self) -> str:
        """Return a name that no other has, on any rank."""
        return f"{self.rank}.{next(self._tickets)}"

    def await_constants(self, there: Callable[[], bool], until: float | None) -> bool:
        """Wait until a condition on the constants holds; False if the time is over."""
        wait = Wait(0)
        while True:
            with self.lock:
                if there():
                    return True
                if wait.satisfied:
                    wait = Wait(1)
                    self._constant_waits.append(wait)
            if until is not None and now() >= until:
                return there()
            self.park(wait, until)
