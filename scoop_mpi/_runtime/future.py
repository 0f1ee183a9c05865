"""What the user holds: a `Future` for one call, `Results` for a map."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from scoop_mpi._kernel.task import Task
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._runtime import here, settings
from scoop_mpi._runtime.draft import Draft
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.values import outcomes

UNSET: Any = object()
"""No value."""

CANCELLED = ((outcomes.CANCELLED, None),)
"""The payload of a cancelled call."""


_SCOOPS_OWN = {
    "isDone": "done()",
    "resultValue": "result()",
    "exceptionValue": "exception()",
    "exceptionTraceback": "exception().__cause__",
    "sendResultBack": "nothing: outcomes always come back",
    "children": "a list of the futures that you made",
}
"""Attributes of SCOOP's futures that were its machinery, and what to use instead."""


def whereabouts(task: Task) -> str:
    """Return where the calls of a task are that have no outcome yet, in words."""
    held: dict[int, int] = {}
    for lease in list(task.leases.values()):
        held[lease.borrower] = held.get(lease.borrower, 0) + lease.missing.count
    places = [f"rank {rank} has {calls}" for rank, calls in sorted(held.items())]
    if task.running:
        places.append(f"{task.running} run on this rank")
    if task.unstarted.count:
        places.append(f"{task.unstarted.count} not started")
    return ", ".join(places) or "just arriving"


CallbackEntry = NamedTuple(  # noqa: UP014  a class costs 1.3 ms of each start: its types would be texts
    "CallbackEntry",
    [("func", Callable[..., object]), ("callbackType", str), ("groupID", Any)],
)
"""A callback of a future, as SCOOP lists them."""


class _Made:
    """Calls that were made on this rank: a draft, as long as nobody needs more than that."""

    def __init__(self, loop: Loop, made: Task | Draft) -> None:
        self._loop = loop
        self._made = made

    @property
    def task(self) -> Task:
        """The kernel's record of the calls: made now, if they are a draft. The lock is not held."""
        made = self._made
        if type(made) is Draft:
            made = self._made = self._loop.file(made)
        return made


class Future(_Made):
    """The outcome of one call, there or still to come.

    It stays with the rank that made it. Any attribute may be set on it.
    """

    _returned: Any = UNSET
    _error: BaseException | None = None
    _polled_at: float | None = None
    _callbacks: tuple[CallbackEntry, ...] = ()

    def __repr__(self) -> str:
        if not self.task.finished:
            state = "running" if self.running() else "pending"
        elif self.cancelled():
            state = "cancelled"
        else:
            state = "failed" if self.task.arrived[0][1] else "finished"
        return f"<Future {self.task.key} {state}>"

    def result(self, timeout: float | None = None) -> Any:
        """Return what the call returned, or raise what it raised.

        If nobody has started the call, this rank runs it now. With a timeout it is first offered
        to other ranks; if none takes it, it runs here, and may then be late by this one call.

        Args:
            timeout: Seconds to wait; None for as long as it takes.

        Raises:
            TimeoutError: It is not there in time.
            CancelledError: It was cancelled.
        """
        if self._returned is UNSET:
            made = self._made
            if type(made) is Draft and timeout is None and self._loop.run_draft(made):
                self._returned = made.returned
                self._loop.catch_up()
            else:
                self._settle(timeout)
        if self._error is not None:
            try:
                raise self._error
            finally:
                self = None  # type: ignore[assignment]  # noqa: PLW0642  breaks the cycle of traceback and frame
        return self._returned

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what the call raised, or None if it returned. Waits as `result` does.

        Raises:
            TimeoutError: It is not there in time.
            CancelledError: It was cancelled.
        """
        if self._returned is UNSET:
            self._settle(timeout)
        if self._error is not None and self.cancelled():
            raise self._error
        return self._error

    def _settle(self, timeout: float | None) -> None:
        until = None if timeout is None else now() + timeout
        entry = self._loop.obtain(self.task, 0, until)
        if entry is None:
            raise TimeoutError(
                f"{self.task.key} has no outcome after {timeout} s: {whereabouts(self.task)}"
            )
        if self._returned is not UNSET:  # a callback, or another caller, has asked meanwhile
            return
        _, failed, payload = entry
        if type(payload) is list:
            self._returned = payload[0]
            return
        if failed:
            self._loop.worker.look_at(self.task)
        kind, data = payload[0]
        value, error = None, None
        try:
            value = outcomes.decode_value(kind, data)
        except BaseException as raised:  # whatever the call raised, cut to the user's frames
            error = raised.with_traceback(None) if kind == outcomes.FAILED else raised
        self._returned, self._error = value, error
        if kind == outcomes.PICKLED:  # its memory belongs to the value now
            self.task.arrived[0] = (1, False, None)

    def done(self) -> bool:
        """Return whether the call has ended or was cancelled. Asking again and again helps it on."""
        if not self.task.finished:
            self._help()
        self._loop.catch_up()
        return self.task.finished

    def _help(self) -> None:
        """Make progress for a caller who polls: pump, and after a while run the call here."""
        if self._polled_at is None:
            self._polled_at = now()
        with self._loop.lock:
            self._loop.pump()
        patience = settings.OFFER_S if self._loop.ranks > 1 else 0.0
        if now() - self._polled_at >= patience:
            self._loop.help_along(self.task)

    def running(self) -> bool:
        """Return whether the call has been started, or lent to another rank, and has not ended."""
        task = self.task
        return not task.finished and not task.unstarted.count

    def cancel(self) -> bool:
        """Cancel the call if nobody has started it; a call lent to another rank counts as started.

        Returns:
            Whether it is cancelled.
        """
        task = self.task
        with self._loop.lock:
            cancelled, actions = self._loop.worker.cancel(task, CANCELLED)
            self._loop.perform(actions)
        if cancelled:
            self._loop.run_callbacks()
        return cancelled or self.cancelled()

    def cancelled(self) -> bool:
        """Return whether the call was cancelled."""
        entry = self.task.arrived.get(0)
        return entry is not None and entry[2] is CANCELLED

    @property
    def callback(self) -> list[CallbackEntry]:
        """The callbacks that were added, as SCOOP lists them."""
        return list(self._callbacks)

    def __getattr__(self, name: str) -> Any:
        """Say, of an attribute that only SCOOP's futures have, what to use instead."""
        instead = f"; use {_SCOOPS_OWN[name]}" if name in _SCOOPS_OWN else ""
        raise AttributeError(f"'Future' object has no attribute {name!r}{instead}")

    def add_done_callback(
        self,
        fn: Callable[[Future], object],
        inCallbackType: str = "standard",  # noqa: N803  SCOOP's name
        inCallbackGroup: Any = None,  # noqa: N803  SCOOP's name
    ) -> None:
        """Call `fn` with this future when the call has ended or was cancelled.

        It runs on this rank, on the thread of its futures, while that thread waits for something;
        at once if the call has ended. What it raises is logged.

        Args:
            inCallbackType: SCOOP's; only "standard".
            inCallbackGroup: SCOOP's; kept in `callback`, and of no other effect.

        Raises:
            ValueError: The type is "universal", which ran a callback on other ranks too.
        """
        if inCallbackType != "standard":
            raise ValueError(
                f"callbacks run on the rank that made the future: {inCallbackType!r} is not there; "
                "do in the call itself what shall happen where it runs"
            )
        self._callbacks += (CallbackEntry(fn, inCallbackType, inCallbackGroup),)
        wait = Wait(1)
        wait.holder = lambda: self._call_back(fn)
        task = self.task
        with self._loop.lock:
            if not task.finished:
                self._loop.worker.watch(wait, task, 0)
                return
        self._call_back(fn)

    def _call_back(self, fn: Callable[[Future], object]) -> None:
        try:
            if here.stream is None:
                fn(self)
            else:
                from scoop_mpi._runtime.seeds import apart  # noqa: PLC0415  few programs use it

                apart(functools.partial(fn, self))
        except Exception:
            import logging  # noqa: PLC0415  costs start-up time

            logging.getLogger("scoop_mpi").exception("a callback of %r raised", self)


class Results(_Made):
    """The results of a map, in input order: an iterator that knows its length."""

    def __init__(self, loop: Loop, made: Task | Draft, until: float | None = None) -> None:
        super().__init__(loop, made)
        self._calls = made.calls
        # Iterators that nobody can close: who reads on, goes on.
        self._values: Iterator[Any]
        if type(made) is Draft:
            self._values = chain(_values_of_draft(loop, made))
        else:
            self._values = chain.from_iterable(_in_order(loop, made, until))

    def __len__(self) -> int:
        """Return the number of calls."""
        return self._calls

    def __iter__(self) -> Iterator[Any]:
        return self._values

    def __next__(self) -> Any:
        return next(self._values)


def _values_of_draft(loop: Loop, draft: Draft) -> Iterator[Any]:
    """Yield the values of the calls of a draft in order; raise what a call raised, and end."""
    for position in range(draft.calls):
        if not loop.run_draft(draft):
            yield from chain.from_iterable(_in_order(loop, loop.file(draft), None, position))
            return
        loop.catch_up()
        yield draft.returned
    draft.returned = None


def _in_order(
    loop: Loop, task: Task, until: float | None, position: int = 0
) -> Iterator[list[Any]]:
    """Yield the values of a task in order, some at a time; raise what a call raised, and end."""
    while position < task.calls:
        entry = take(loop, task, position, until)
        if entry is None:
            raise TimeoutError(
                f"{task.key}: result {position} of {task.calls} is not there in time: "
                f"{whereabouts(task)}"
            )
        position, failed, payload = entry
        if failed:
            loop.worker.look_at(task)
        yield from values_of(payload)


def take(
    loop: Loop, task: Task, position: int, until: float | None
) -> tuple[int, bool, outcomes.Payload] | None:
    """Take the outcome of the calls from `position` on; None if it is not there in time."""
    if until is not None and now() >= until and not _has_come(loop, task, position):
        return None
    entry = loop.obtain(task, position, until)
    if entry is not None:
        del task.arrived[position]
    return entry


def _has_come(loop: Loop, task: Task, position: int) -> bool:
    """Return whether a result is there, at a time when no further call should be started for it."""
    if position not in task.arrived:
        with loop.lock:
            loop.pump()
    return position in task.arrived


def as_they_come(loop: Loop, task: Task, until: float | None) -> Iterator[list[Any]]:
    """Yield the values of a task in order of arrival, some at a time."""
    left = task.calls
    wait = Wait(1)
    with loop.lock:
        loop.worker.watch(wait, task, None)
    while left:
        while task.arrived:
            with loop.lock:
                start = next(iter(task.arrived))
                stop, failed, payload = task.arrived.pop(start)
                wait.arrived.clear()
                if failed:
                    loop.worker.look_at(task)
            left -= stop - start
            yield from values_of(payload)
        if left:
            with loop.lock:
                if task.arrived:
                    continue
                wait.needed = 1
            if not loop.await_any(wait, [task], until):
                raise TimeoutError(
                    f"{task.key}: {left} of {task.calls} results are not there in time: "
                    f"{whereabouts(task)}"
                )


def values_of(payload: outcomes.Payload) -> Iterator[list[Any]]:
    """Yield the values of a payload as lists; raise what a call raised when it is its turn."""
    if type(payload) is list:
        yield payload
        return
    values: list[Any] = []
    for kind, data in payload:
        if kind == outcomes.PLAIN:
            values.append(data)
            continue
        try:
            values.append(outcomes.decode_value(kind, data))
        except BaseException:
            yield values  # what came before it is whole, also if this one cannot be unpickled
            raise
    yield values
