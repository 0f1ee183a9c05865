"""Maps over iterables that are read as results are taken: `map(..., buffersize=n)`.

    Source      takes items off the iterables, some at a time, and encodes them (see `source`)
    Window      makes each such run a task; at most n calls are submitted and not yielded
    Stream      what the user holds: yields the results

A run is as long as is worth a task, by the measured time of a call. But it is no longer than a
quarter of the window, so that there is work out while results are taken; and no longer than can be
drawn within `DRAW_S`, so that results which are there do not wait for slow iterables. While no
result is there, and other ranks have the calls, drawing is what there is to do.

What an iterable raises is raised in its turn: after the results of the items before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from itertools import chain
from typing import Any

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.task import Task
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._runtime import here, settings
from scoop_mpi._runtime.future import take, values_of, whereabouts
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.values.callables import encode_function
from scoop_mpi._runtime.values.cargo import Cargo, Copy, MapCargo
from scoop_mpi._runtime.values.columns import Column, PlainColumn
from scoop_mpi._runtime.values.source import Source


class Front(Enum):
    """Where the result is that is to be yielded next."""

    THERE = "it can be yielded at once"
    HERE = "nobody has started its call"
    AWAY = "another rank, or another caller here, has its call"
    NONE = "no call is submitted"


class Window:
    """The calls that are submitted and whose results are not yielded."""

    def __init__(
        self,
        loop: Loop,
        push: Callable[[int, Cargo], Task],
        func: Callable[..., Any],
        iterables: Sequence[Iterable[Any]],
        size: int,
    ) -> None:
        self._ahead = 0
        """How many calls they are."""
        self._loop = loop
        self._size = _checked(size)
        self._push = push
        self._random = None if here.stream is None else here.stream()
        """Where the calls' random numbers come from, in seeded programs."""
        if self._random is not None:
            func = self._random.seeded(func)
        self._function = encode_function(func, travels=loop.ranks > 1)
        self._copy = None if self._function.shared else Copy()
        self._source = Source(iterables)
        self._longest = 1
        """The longest run so far."""
        self._submitted = 0
        self._current: list[Any] = []
        """The values that are being yielded."""
        self._fill()

    # --- how the results are taken: by order, or as they come ---------------------------------

    def lists(self, until: float | None) -> Iterator[list[Any]]:
        """Yield the results, some at a time."""
        raise NotImplementedError

    def _front(self) -> Front:
        raise NotImplementedError

    def _keep(self, task: Task) -> None:
        """Take a new task."""
        raise NotImplementedError

    def _tasks(self) -> list[Task]:
        """Return the tasks whose outcomes are not taken yet."""
        raise NotImplementedError

    # --- filling --------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Draw items and submit their calls, as long as that is the best there is to do."""
        began = now()
        while not self._source.ended:
            calls = self._wanted(now() - began)
            if not calls:
                return
            self._submit(*self._source.take(calls))

    def _wanted(self, spent_s: float) -> int:
        """Return how many items to draw next, after so many seconds of drawing."""
        room = self._size - self._ahead
        if room <= 0:
            return 0
        call_s = self._loop.worker.durations.expect(self._function.key)
        item_s = max(self._source.item_s, policy.CLOCK_S)
        length = policy.stream_run(self._size, self._loop.ranks, call_s, self._longest)
        length = max(1, min(length, int(settings.DRAW_S / item_s)))
        front = self._front()
        if front is Front.NONE or front is Front.AWAY:
            return min(room, length)
        if spent_s + item_s < settings.DRAW_S:
            return length if length <= room else 0
        # The iterables are slow. Others get something to do before this rank runs the call itself.
        idle_else = front is Front.HERE and self._unstarted() < self._loop.ranks > 1
        return min(room, length) if idle_else and spent_s < (call_s or 0.0) else 0

    def _unstarted(self) -> int:
        return sum(task.unstarted.count for task in self._tasks())

    def _submit(self, columns: list[Column], calls: int) -> None:
        if not calls:
            return
        if self._random is not None:
            columns.insert(0, PlainColumn(range(self._submitted, self._submitted + calls)))
        self._submitted += calls
        self._longest = max(self._longest, calls)
        cargo = MapCargo(self._function, columns, copy=self._copy)
        task = self._push(calls, cargo)
        self._ahead += calls
        self._keep(task)

    # --- yielding -------------------------------------------------------------------------------

    def _yielded(self, task: Task, start: int, entry: tuple[int, bool, Any]) -> Iterator[list[Any]]:
        """Yield the values of an entry of `arrived`, and book them."""
        stop, failed, payload = entry
        if failed:  # it will be raised, which ends the stream: other failures are no news
            for other in (task, *self._tasks()):
                self._loop.worker.look_at(other)
        for values in values_of(payload):
            self._current = values
            yield values
        self._ahead -= stop - start

    def _raise_error(self) -> None:
        """Raise what the iterables raised: all results before it have been yielded."""
        if self._source.error is not None:
            raise self._source.error

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Drop what nobody has started, read no further, and yield no more."""
        self._source.end()
        self._source.error = None
        self._current.clear()
        with self._loop.lock:
            _abandon(self._loop, self._forget_tasks())

    def _forget_tasks(self) -> list[Task]:
        raise NotImplementedError

    def __del__(self) -> None:
        """Drop what nobody has started, of a stream that nobody holds any more."""
        if self._ahead:
            loop, tasks = self._loop, self._forget_tasks()
            loop.when_free(lambda: _abandon(loop, tasks))


def _checked(size: Any) -> int:
    if not isinstance(size, int):
        raise TypeError(f"buffersize must be a whole number or None, not {size!r}")
    if size < 1:
        raise ValueError(f"buffersize must be 1 or more, or None, not {size!r}")
    return size


def _abandon(loop: Loop, tasks: list[Task]) -> None:
    """Drop what nobody has started. The lock is held."""
    for task in tasks:
        loop.worker.abandon(task)


class InOrder(Window):
    """Yields results in the order of the items."""

    def __init__(self, *arguments: Any) -> None:
        self._queue: deque[Task] = deque()
        self._position = 0
        """The next call of the first task."""
        super().__init__(*arguments)

    def lists(self, until: float | None) -> Iterator[list[Any]]:
        """Yield the results, some at a time."""
        loop, queue = self._loop, self._queue
        while True:
            self._fill()
            if not queue:
                break
            task, start = queue[0], self._position
            entry = take(loop, task, start, until)
            if entry is None:
                raise TimeoutError(
                    f"{task.key}: the next result of the stream is not there in time: "
                    f"{whereabouts(task)}"
                )
            self._position = entry[0]
            if self._position == task.calls:
                queue.popleft()
                self._position = 0
            yield from self._yielded(task, start, entry)
        self._raise_error()

    def _front(self) -> Front:
        if not self._queue:
            return Front.NONE
        task = self._queue[0]
        with self._loop.lock:
            if self._position in task.arrived:
                return Front.THERE
            return Front.HERE if self._position in task.unstarted else Front.AWAY

    def _keep(self, task: Task) -> None:
        self._queue.append(task)

    def _tasks(self) -> list[Task]:
        return list(self._queue)

    def _forget_tasks(self) -> list[Task]:
        tasks = list(self._queue)
        self._queue.clear()
        return tasks


class AsTheyCome(Window):
    """Yields results in the order in which they come."""

    def __init__(self, *arguments: Any) -> None:
        self._kept: dict[int, Task] = {}
        """By serial: tasks of which not all outcomes are taken."""
        self._fresh: deque[Task] = deque()
        """Those that may have unstarted calls, oldest first."""
        self._watch = Wait(1)
        """Watches every task."""
        super().__init__(*arguments)

    def lists(self, until: float | None) -> Iterator[list[Any]]:
        """Yield the results, some at a time."""
        while True:
            self._fill()
            if not self._kept:
                break
            task = self._next_arrived()
            if task is None:
                self._await_one(until)
                continue
            while task.arrived:
                with self._loop.lock:
                    start = next(iter(task.arrived))
                    entry = task.arrived.pop(start)
                if task.finished and not task.arrived:
                    self._kept.pop(task.serial, None)
                yield from self._yielded(task, start, entry)
        self._raise_error()

    def _await_one(self, until: float | None) -> None:
        with self._loop.lock:
            self._watch.needed = 0 if self._next_arrived() else 1
        if not self._loop.await_any(self._watch, self._next_fresh(), until):
            oldest = next(iter(self._kept.values()))
            raise TimeoutError(
                f"{oldest.key}: no result of the stream is there in time: {whereabouts(oldest)}"
            )

    def _next_arrived(self) -> Task | None:
        """Return a task of which outcomes have come."""
        arrived = self._watch.arrived
        while arrived and not arrived[0].arrived:
            arrived.popleft()
        return arrived[0] if arrived else None

    def _next_fresh(self) -> list[Task]:
        """Return the oldest task with unstarted calls, if there is one."""
        while self._fresh and not self._fresh[0].unstarted.count:
            self._fresh.popleft()
        return [self._fresh[0]] if self._fresh else []

    def _front(self) -> Front:
        if not self._kept:
            return Front.NONE
        if self._next_arrived() is not None:
            return Front.THERE
        return Front.HERE if self._next_fresh() else Front.AWAY

    def _keep(self, task: Task) -> None:
        self._kept[task.serial] = task
        self._fresh.append(task)
        with self._loop.lock:
            if task.arrived:
                self._watch.arrived.append(task)
            if not task.finished:
                self._loop.worker.watch(self._watch, task, None)

    def _tasks(self) -> list[Task]:
        return list(self._kept.values())

    def _forget_tasks(self) -> list[Task]:
        tasks = list(self._kept.values())
        self._kept.clear()
        self._fresh.clear()
        return tasks


class Stream:
    """The results of a map that reads its items as results are taken: an iterator.

    `close` drops the calls that nobody has started; so does letting go of the iterator.
    """

    def __init__(self, window: Window, until: float | None) -> None:
        self._window = window
        self._values = chain.from_iterable(window.lists(until))

    def __iter__(self) -> Iterator[Any]:
        return self._values

    def __next__(self) -> Any:
        return next(self._values)

    def close(self) -> None:
        """Drop what nobody has started, and yield no more."""
        self._window.close()
