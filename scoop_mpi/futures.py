"""Calls that run on other ranks: `map`, `submit`, and what waits for them.

The meaning is that of PEP 3148 (`concurrent.futures`), with SCOOP's names beside it. Every call
may be made from the program and from within any other call, to any depth.

Arguments are taken and encoded at the call, and what a function does to its arguments is not seen
by the caller. Large buffers (numpy arrays above 64 KiB) are not copied until they are sent: do not
write to them before the result is there. Other calls may run inside a wait.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

from scoop_mpi._kernel.task import Task
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._runtime import here
from scoop_mpi._runtime.future import Future, Results, as_they_come, whereabouts
from scoop_mpi._runtime.here import current
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.values.callables import encode_function
from scoop_mpi._runtime.values.cargo import CallCargo, Cargo, MapCargo, encode_call
from scoop_mpi._runtime.values.codec import dumps
from scoop_mpi._runtime.values.columns import PlainColumn, encode_columns, take_all

if TYPE_CHECKING:
    from concurrent.futures import CancelledError

    from scoop_mpi._runtime.once import Once

Push = Callable[[int, Cargo], Task]
"""What makes a task of so many calls."""

P = ParamSpec("P")
R = TypeVar("R")

ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION = (
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
)
"""When `wait` returns. Equal to those of `concurrent.futures`, whose import takes 10 ms."""

__all__ = [
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "Calls",
    "CancelledError",
    "DoneAndNotDone",
    "Future",
    "as_completed",
    "initialize",
    "map",
    "mapReduce",
    "mapScan",
    "map_as_completed",
    "once_per_rank",
    "progress",
    "run_everywhere",
    "shutdown",
    "submit",
    "wait",
    "with_options",
]


def __getattr__(name: str) -> Any:
    """Import PEP 3148's `CancelledError` when it is first used."""
    if name == "CancelledError":
        import concurrent.futures  # noqa: PLC0415  see above

        return concurrent.futures.CancelledError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def submit(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
    """Have `func(*args, **kwargs)` run, here or on another rank.

    Returns:
        A future for its outcome.

    Raises:
        TypeError: `func` is not callable.
        PickleError: `func` or an argument cannot travel; nothing was submitted.
    """
    loop = current("futures.submit")
    cargo = _call_cargo(loop, func, args, kwargs)
    return Future(loop, loop.make(1, cargo))


def _call_cargo(
    loop: Loop, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> CallCargo:
    """Encode a call, here and now."""
    if here.stream is not None and (stream := here.stream()) is not None:
        func, args = stream.seeded(func), (0, *args)
    function = encode_function(func, travels=loop.ranks > 1)
    return encode_call(function, args, kwargs)


def map(  # noqa: A001  SCOOP's and PEP 3148's name
    func: Callable[..., Any],
    *iterables: Iterable[Any],
    timeout: float | None = None,
    chunksize: int | None = None,  # noqa: ARG001  grain is measured; accepted for PEP 3148
    buffersize: int | None = None,
) -> Iterator[Any]:
    """Have `func` run on the items of the iterables, as the built-in `map` would.

    The items are taken at the call, as many as the shortest iterable has, and the calls are
    offered to every rank at once. With `buffersize` they are taken as results are: for iterables
    without end, or too large for memory.

    Args:
        timeout: Seconds from this call within which each result must be there when it is asked for.
        chunksize: Ignored: how many calls travel together is measured.
        buffersize: At most so many calls are submitted whose results were not yielded; None: all.

    Returns:
        An iterator over the results in input order. A call that raised raises when its turn comes,
        and ends the iterator. It has a length; with `buffersize` it has a `close` instead, which
        drops what nobody has started, as letting go of it does; what an iterable raises, or an
        item that cannot travel, is raised after the results of the items before it.

    Raises:
        TypeError: `func` is not callable, `buffersize` not a whole number.
        ValueError: `buffersize` is less than 1; iterables that have no end, without `buffersize`.
        PickleError: `func` or an item cannot travel; nothing was submitted.
    """
    loop = current("futures.map")
    if timeout is not None or buffersize is not None:
        return _map(loop, loop.push, func, iterables, timeout, buffersize)
    return Results(loop, loop.make(*_map_cargo(loop, func, iterables)))


def map_as_completed(
    func: Callable[..., Any],
    *iterables: Iterable[Any],
    timeout: float | None = None,
    buffersize: int | None = None,
) -> Iterator[Any]:
    """Have `func` run on the items as `map` does, and yield results as soon as they are there."""
    loop = current("futures.map_as_completed")
    return _map_as_completed(loop, loop.push, func, iterables, timeout, buffersize)


def _map(
    loop: Loop,
    push: Push,
    func: Callable[..., Any],
    iterables: tuple[Iterable[Any], ...],
    timeout: float | None,
    buffersize: int | None,
) -> Iterator[Any]:
    until = None if timeout is None else now() + timeout
    if buffersize is None:
        return Results(loop, push(*_map_cargo(loop, func, iterables)), until)
    from scoop_mpi._runtime import stream  # noqa: PLC0415  few programs use it

    return stream.Stream(stream.InOrder(loop, push, func, iterables, buffersize), until)


def _map_as_completed(
    loop: Loop,
    push: Push,
    func: Callable[..., Any],
    iterables: tuple[Iterable[Any], ...],
    timeout: float | None,
    buffersize: int | None,
) -> Iterator[Any]:
    until = None if timeout is None else now() + timeout
    if buffersize is None:
        return _as_they_come(loop, push(*_map_cargo(loop, func, iterables)), until)
    from scoop_mpi._runtime import stream  # noqa: PLC0415  as above

    return stream.Stream(stream.AsTheyCome(loop, push, func, iterables, buffersize), until)


def _as_they_come(loop: Loop, task: Task, until: float | None) -> Iterator[Any]:
    return (value for values in as_they_come(loop, task, until) for value in values)


def _map_cargo(
    loop: Loop, func: Callable[..., Any], iterables: tuple[Iterable[Any], ...]
) -> tuple[int, MapCargo]:
    """Take the items and encode them; return how many calls there are, and the calls."""
    stream = None if here.stream is None else here.stream()
    if stream is not None:
        func = stream.seeded(func)
    function = encode_function(func, travels=loop.ranks > 1)
    columns, calls = encode_columns(iterables)
    if stream is not None:
        columns.insert(0, PlainColumn(range(calls)))
    return calls, MapCargo(function, columns)


# --- options of calls ------------------------------------------------------------------------


def with_options(
    *,
    timeout: float | None = None,
    retries: int | None = None,
    seed: int | None = None,
    priority: int = 0,
) -> Calls:
    """Return `submit`, `map` and `map_as_completed` whose calls have these options.

    `futures.with_options(timeout=5.0).map(f, xs)`. They hold for these calls alone, not for calls
    that these make.

    Args:
        timeout: Seconds that each call may run, from its start where it runs, its waits included.
            Then it is interrupted, and its future raises `CallTimeout`. A call that cannot be
            interrupted for 3 s more costs its rank (of a worker; the root only interrupts). Needs
            SIGALRM, and costs some 0.1 ms a call: meant for calls that take longer.
        retries: How often a call is run again whose rank has died, where the job outlives that.
            With a timeout, 0 unless said; else what `--retries` says (2).
        seed: Each call has its own `random.generator()`, which depends on this number, on how many
            maps and submits these options have made, and on the index of the call. Calls that a call
            makes derive theirs from it.
        priority: Calls with a higher one are run and lent first, among those that the same call, or
            the program, has made; all others have 0. What runs, or was lent, already is not stopped.

    Raises:
        ValueError: A timeout that is not more than 0, retries or a seed less than 0.
    """
    if timeout is not None and not timeout > 0:
        raise ValueError(f"timeout must be a number of seconds, more than 0, not {timeout!r}")
    if retries is not None and retries < 0:
        raise ValueError(f"retries must be a whole number, 0 or more, not {retries!r}")
    return Calls(timeout, 0 if retries is None and timeout is not None else retries, seed, priority)


class Calls:
    """Makes calls with options; see `with_options`."""

    def __init__(
        self,
        timeout: float | None = None,
        retries: int | None = None,
        seed: int | None = None,
        priority: int = 0,
    ) -> None:
        self._timeout = timeout
        self._retries = retries
        self._priority = priority
        self._stream: AbstractContextManager[object] = nullcontext()
        if seed is not None:
            from scoop_mpi._runtime.seeds import Stream, checked  # noqa: PLC0415  few programs use it

            self._stream = Stream(checked(seed))

    def _limited(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if self._timeout is None or not callable(func):
            return func
        from scoop_mpi._runtime.faults.limits import Limited  # noqa: PLC0415  few programs use it

        return Limited(func, self._timeout)

    def submit(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
        """Submit a call, as `futures.submit`."""
        loop = current("futures.submit")
        with self._stream:
            cargo = _call_cargo(loop, self._limited(func), args, kwargs)
        return Future(loop, self._push(loop, 1, cargo))

    def map(
        self,
        func: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int | None = None,
        buffersize: int | None = None,
    ) -> Iterator[Any]:
        """Map, as `futures.map`, whose `timeout` is another: that of waiting for results."""
        loop = current("futures.map")
        push = functools.partial(self._push, loop)
        with self._stream:
            return _map(loop, push, self._limited(func), iterables, timeout, buffersize)

    def map_as_completed(
        self,
        func: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        buffersize: int | None = None,
    ) -> Iterator[Any]:
        """Map, and yield results as they come, as `futures.map_as_completed`."""
        loop = current("futures.map_as_completed")
        push = functools.partial(self._push, loop)
        with self._stream:
            return _map_as_completed(
                loop, push, self._limited(func), iterables, timeout, buffersize
            )

    def _push(self, loop: Loop, calls: int, cargo: Cargo) -> Task:
        if self._priority:
            return loop.push_ahead(self._priority, calls, cargo, self._retries)
        return loop.push(calls, cargo, self._retries)


# --- kept on each rank -----------------------------------------------------------------------


def once_per_rank(func: Callable[P, R]) -> Once[P, R]:
    """Have a function called once on each rank for the same arguments, and keep what it returned.

        @futures.once_per_rank
        def table(path):
            return numpy.load(path)         # read when a call on this rank first needs it

    As `functools.cache`, but kept for the rank: also where the function travels by value, from a
    prompt or a notebook. `table.forget()` drops what this rank keeps. Threads wait for the one that
    calls; if the function itself waits for calls, others that run meanwhile may call it again.

    Raises:
        TypeError: From the function: its arguments are not hashable.
    """
    from scoop_mpi._runtime.once import Once  # noqa: PLC0415  few programs use it

    return Once(func)


# --- on every rank ---------------------------------------------------------------------------


def run_everywhere(func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> list[Any]:
    """Call a function once on each rank, this one included, and return what each returned, by rank.

    It runs on the rank's main thread, before other calls: a rank that is in a long call runs it when
    that call ends, or waits. May be called from any call. The place of a rank that was lost, before or
    meanwhile, holds a `WorkerLost`: it is not raised, so that what the others returned is there.

    Raises:
        Exception: What the call raised, once all have ended: that of the lowest rank, as for any call.
        PickleError: `func` or an argument cannot travel; nothing was called.
    """
    from scoop_mpi._runtime.everywhere import run_on_all  # noqa: PLC0415  few programs use it

    loop = current("futures.run_everywhere")
    calls = [Future(loop, task) for task in run_on_all(loop, func, args, kwargs)]
    errors = [call.exception() for call in calls]
    return [
        error if call.task.losses else call.result()  # its rank was lost
        for call, error in zip(calls, errors, strict=True)
    ]


def initialize(func: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call a function here, now, and on every other rank before any call submitted from now on.

    Returns when it has been called here; the other ranks run it as soon as they can, on their main
    threads, and none runs a call that was submitted later, by whomever, before it has. Several
    initializers run in order. While one waits for calls of its own, others may run.

    If it raises here, that is raised, and it is called nowhere else. If it raises on another rank, the
    job ends with its traceback, the rank and the host: a rank that is not ready can serve nobody.

    Raises:
        PickleError: `func` or an argument cannot travel; nothing was called.
    """
    from scoop_mpi._runtime import everywhere  # noqa: PLC0415  few programs use it

    everywhere.initialize(current("futures.initialize"), func, args, kwargs)


# --- seen while it runs ----------------------------------------------------------------------


@contextmanager
def progress(label: str = "") -> Iterator[None]:
    """Show how far the calls are that are made in this block.

        with futures.progress("fit"):
            fits = list(futures.map(fit, files))

    A line on a terminal's last row or under a notebook's cell, a line a minute elsewhere, and one at
    the end. It counts calls that have ended, of those that are made here, not of those that these make.
    Within a call, and within another such block, it does nothing.

    Args:
        label: What the calls are called; else the names of their functions.
    """
    from scoop_mpi._runtime.seeing import progress as shown  # noqa: PLC0415  few programs use it
    from scoop_mpi._runtime.seeing.screens import find_screen  # noqa: PLC0415  as above

    loop = current("futures.progress")
    if loop.group or loop.rank or "push" in vars(loop):
        yield
        return
    line = shown.Progress(loop, find_screen(), label)
    try:
        yield
    finally:
        line.stop()


# --- waiting ---------------------------------------------------------------------------------


class DoneAndNotDone(NamedTuple):
    """What `wait` returns."""

    done: set[Future]
    not_done: set[Future]


def wait(
    fs: Iterable[Future],
    timeout: float | None = None,
    return_when: str = ALL_COMPLETED,
) -> DoneAndNotDone:
    """Wait for futures, and say which are done.

    Args:
        fs: Futures, of this rank.
        timeout: Seconds to wait at most; None, or less than 0 as in SCOOP, for as long as it takes.
        return_when: ALL_COMPLETED, FIRST_COMPLETED, or FIRST_EXCEPTION (the first failure; all,
            if none fails).

    Raises:
        ValueError: `return_when` is none of these.
    """
    if return_when not in (ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION):
        raise ValueError(f"return_when must be one of the three conditions, not {return_when!r}")
    futures = list(dict.fromkeys(fs))
    loop = current("futures.wait")
    until = None if timeout is None or timeout < 0 else now() + timeout
    first_only = return_when == FIRST_COMPLETED
    stop_on_failure = return_when == FIRST_EXCEPTION
    tasks = {future: future.task for future in futures}
    with loop.lock:
        pending = [future for future, task in tasks.items() if not task.finished]
        satisfied = (
            not pending
            or (first_only and len(pending) < len(futures))
            or (stop_on_failure and any(_failed(future) for future in futures))
        )
        waiting = Wait(1 if first_only else len(pending), stop_on_failure=stop_on_failure)
        if not satisfied:
            for future in pending:
                loop.worker.watch(waiting, tasks[future], 0)
    if not satisfied:
        loop.await_any(waiting, [tasks[future] for future in pending], until)
        with loop.lock:
            _unwatch(loop, waiting, pending)
    loop.catch_up()
    done = {future for future, task in tasks.items() if task.finished}
    return DoneAndNotDone(done, set(futures) - done)


def _failed(future: Future) -> bool:
    """Return whether a future is done and its call raised or was cancelled."""
    return future.task.finished and future.task.arrived[0][1]


def as_completed(fs: Iterable[Future], timeout: float | None = None) -> Iterator[Future]:
    """Yield futures as they are done, failed ones like the others; those that are done come first.

    Args:
        timeout: Seconds, from this call, for all of them.

    Raises:
        TimeoutError: From the iterator, if some are not done in time.
    """
    futures = list(dict.fromkeys(fs))
    loop = current("futures.as_completed")
    until = None if timeout is None else now() + timeout
    return _as_completed(loop, futures, until)


def _as_completed(loop: Loop, futures: list[Future], until: float | None) -> Iterator[Future]:
    waiting = Wait(1)
    known = {future.task: future for future in futures}
    with loop.lock:
        pending = {task: future for task, future in known.items() if not task.finished}
        for task in pending:
            loop.worker.watch(waiting, task, 0)
    tasks = list(pending)
    try:
        for task, future in known.items():
            if task not in pending:
                yield future
        while pending:
            loop.catch_up()
            while waiting.arrived:
                yield pending.pop(waiting.arrived.popleft())
            with loop.lock:
                if waiting.arrived or not pending:
                    continue
                waiting.needed = 1
            tasks = [task for task in tasks if task.unstarted.count]
            if not loop.await_any(waiting, tasks, until):
                late = "; ".join(f"{task.key}: {whereabouts(task)}" for task in list(pending)[:3])
                raise TimeoutError(
                    f"{len(pending)} of {len(futures)} futures are not done in time ({late}"
                    f"{'; ...' if len(pending) > 3 else ''})"
                )
    finally:
        loop.when_free(lambda: _unwatch(loop, waiting, pending.values()))


def _unwatch(loop: Loop, waiting: Wait, futures: Iterable[Future]) -> None:
    """Wait for these futures no more. The lock is held."""
    for future in futures:
        if not future.task.finished:
            loop.worker.unwatch(waiting, future.task)


def shutdown(wait: bool = True) -> None:  # noqa: FBT001, FBT002  as PEP 3148 has it
    """Do nothing: the ranks end with the program. Here for code that wants an executor."""


# --- reductions ------------------------------------------------------------------------------

_WORTH_SHIFTING_S = 1e-3
"""What a piece of a scan must take to be given its offset elsewhere ..."""

_BYTES_A_SECOND = 250e6
"""... and more than to travel there and back, and be encoded, at this rate."""

_NOTHING: Any = object()


def mapReduce(  # noqa: N802  SCOOP's name
    mapFunc: Callable[..., Any],  # noqa: N803  SCOOP's name
    reductionFunc: Callable[[Any, Any], Any],  # noqa: N803  SCOOP's name
    *iterables: Iterable[Any],
    initial: Any = _NOTHING,
) -> Any:
    """Map, and reduce the results with an associative function of two, in input order.

    Args:
        initial: Comes before all results; the value for no items at all.

    Raises:
        TypeError: There are no items and no `initial`.
    """
    from scoop_mpi._runtime import reduction  # noqa: PLC0415  many programs do not use it

    loop = current("futures.mapReduce")
    try:
        if loop.journal is not None and not loop.group:  # which keeps the value of each run
            fold = functools.partial(_fold, mapFunc, reductionFunc)
            value = reduction.combined(reductionFunc, list(map(fold, _pieces(iterables))))
        else:
            value = reduction.reduced(loop, mapFunc, reductionFunc, iterables)
    except reduction.NothingToReduce:
        if initial is _NOTHING:
            raise TypeError(
                "mapReduce of no items needs an initial value: mapReduce(..., initial=0)"
            ) from None
        return initial
    return value if initial is _NOTHING else reductionFunc(initial, value)


def mapScan(  # noqa: N802  SCOOP's name
    mapFunc: Callable[..., Any],  # noqa: N803  SCOOP's name
    reductionFunc: Callable[[Any, Any], Any],  # noqa: N803  SCOOP's name
    *iterables: Iterable[Any],
    initial: Any = _NOTHING,
) -> list[Any]:
    """Map, and return all the reductions of the first 1, 2, 3, ... results, in input order.

    `mapScan(f, operator.add, [1, 2, 3])` is `[f(1), f(1) + f(2), f(1) + f(2) + f(3)]`: as
    `itertools.accumulate`, for an associative function of two.

    Args:
        initial: Comes before all results, and is the first of the list, as in `accumulate`.
    """
    scanned: list[Any] = [] if initial is _NOTHING else [initial]
    scan = functools.partial(_scan, mapFunc, reductionFunc)
    shift = functools.partial(_shift, reductionFunc)
    pieces = map(scan, _pieces(iterables))
    for prefixes in pieces:
        if not scanned:
            scanned += prefixes
            continue
        started = now()
        scanned += shift(scanned[-1], prefixes)
        if len(prefixes) > 1 and _is_worth_shifting(now() - started, prefixes):
            rest = list(pieces)
            offsets = [scanned[-1]]
            for others in rest[:-1]:
                offsets.append(reductionFunc(offsets[-1], others[-1]))
            for shifted in map(shift, offsets, rest):
                scanned += shifted
    return scanned


def _is_worth_shifting(seconds: float, prefixes: list[Any]) -> bool:
    """Return whether another rank should give pieces like this their offset."""
    if here.stream is not None:  # how many maps there are must not depend on time
        return False
    return seconds > _WORTH_SHIFTING_S and seconds > dumps(prefixes).size / _BYTES_A_SECOND


def _shift(reduction_func: Any, before: Any, prefixes: list[Any]) -> list[Any]:
    """Put what comes before a piece before each of its reductions."""
    return [reduction_func(before, prefix) for prefix in prefixes]


def _pieces(iterables: tuple[Iterable[Any], ...]) -> list[tuple[Any, ...]]:
    """Cut the items into runs, each a tuple of one run for each iterable."""
    from scoop_mpi._runtime import reduction  # noqa: PLC0415  as above

    columns = take_all(iterables)
    items = len(columns[0]) if columns else 0
    size = reduction.size_of_runs(items)
    return [tuple(c[start : start + size] for c in columns) for start in range(0, items, size)]


def _fold(map_func: Any, reduction_func: Any, columns: tuple[Any, ...]) -> Any:
    """Run on the rank that has a run: map it and reduce it from the left."""
    return functools.reduce(reduction_func, builtins.map(map_func, *columns))


def _scan(map_func: Any, reduction_func: Any, columns: tuple[Any, ...]) -> list[Any]:
    """Run on the rank that has a run: map it and collect its own reductions."""
    mapped = builtins.map(map_func, *columns)
    prefixes = [next(mapped)]
    for value in mapped:
        prefixes.append(reduction_func(prefixes[-1], value))
    return prefixes
