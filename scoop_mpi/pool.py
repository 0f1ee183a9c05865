"""A pool of `multiprocessing`, for libraries and programs that want one.

    from scoop_mpi import Pool

    with Pool() as pool:
        print(pool.map(abs, range(-5, 5)))

It has the methods of `multiprocessing.Pool`, and the names by which libraries ask how many workers
there are. A pool that is sent to another rank, with a sampler that holds it, is a pool there.
"""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar, cast

from scoop_mpi import futures
from scoop_mpi._initializer import Initializer
from scoop_mpi._kernel.task import Task
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._runtime.future import Results
from scoop_mpi._runtime.here import current
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.served import serve_threads
from scoop_mpi._runtime.values import outcomes
from scoop_mpi.executor import Executor, ExecutorFuture

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["AsyncResult", "Pool", "PoolIterator"]

T = TypeVar("T")


class AsyncResult(Generic[T]):
    """The outcome of `apply_async`, `map_async` and `starmap_async`, there or still to come."""

    def __init__(self, future: ExecutorFuture[T]) -> None:
        self._future = future

    def get(self, timeout: float | None = None) -> T:
        """Return what the call returned, or raise what it raised.

        Raises:
            multiprocessing.TimeoutError: It is not there in time.
        """
        try:
            return self._future.result(timeout)
        except TimeoutError:
            if self._future.done():  # the call's own
                raise
            _too_late()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it is there, for so many seconds at most."""
        with contextlib.suppress(TimeoutError, futures.CancelledError):
            self._future.exception(timeout)

    def ready(self) -> bool:
        """Return whether it is there."""
        return self._future.done()

    def successful(self) -> bool:
        """Return whether the call returned.

        Raises:
            ValueError: It has not ended.
        """
        if not self.ready():
            raise ValueError(f"{self!r} not ready")
        return not self._future.cancelled() and self._future.exception() is None


class PoolIterator(Generic[T]):
    """The results of `imap`, in input order, or of `imap_unordered`, as they come.

    A call that raised raises when its turn comes; further results can be asked for after that.
    """

    def __init__(self, loop: Loop, task: Task, *, ordered: bool) -> None:
        self._loop = loop
        self._task = task
        self._ordered = ordered
        self._next = 0
        self._taken = 0
        self._entries: deque[tuple[int, Any]] = deque()
        self._wait = Wait(1)
        if not ordered:
            with loop.lock:
                if not task.finished:
                    loop.worker.watch(self._wait, task, None)

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        return self.next()

    def next(self, timeout: float | None = None) -> T:
        """Return the next result.

        Raises:
            StopIteration: There are no more.
            multiprocessing.TimeoutError: It is not there in time.
        """
        if not self._entries:
            if self._taken == self._task.calls:
                raise StopIteration
            if timeout is not None:
                serve_threads(self._loop)  # who waits would run the call, and be late by it
            self._fetch(None if timeout is None else now() + timeout)
        kind, data = self._entries.popleft()
        return cast("T", outcomes.decode_value(kind, data))

    def _fetch(self, until: float | None) -> None:
        task = self._task
        start = self._next if self._ordered else self._first_arrived(until)
        entry = self._loop.obtain(task, start, until)
        if entry is None:
            _too_late()
        with self._loop.lock:
            del task.arrived[start]
        self._next, failed, payload = entry
        self._taken += self._next - start
        if failed:
            self._loop.worker.look_at(task)
        if isinstance(payload, list):
            payload = tuple((outcomes.PLAIN, value) for value in payload)
        self._entries.extend(payload)

    def _first_arrived(self, until: float | None) -> int:
        while True:
            with self._loop.lock:
                self._wait.arrived.clear()
                if self._task.arrived:
                    first: int = next(iter(self._task.arrived))
                    return first
                self._wait.needed = 1
            if not self._loop.await_any(self._wait, [self._task], until):
                _too_late()


class Pool:
    """Runs calls on the ranks of this job, with the methods of `multiprocessing.Pool`.

    Args:
        processes: How many workers libraries are told of, which cut their work by it. The number of
            ranks, unless said. It does not limit how many calls run.
        initializer: Called on each rank before the first call of this pool that it runs.
        initargs: What it is called with.
        maxtasksperchild: Ignored: the ranks are not started anew.
        context: Ignored.
    """

    def __init__(
        self,
        processes: int | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: Iterable[Any] = (),
        maxtasksperchild: int | None = None,
        context: Any = None,
    ) -> None:
        if processes is not None and processes < 1:
            raise ValueError("Number of processes must be at least 1")
        self._initializer = None if initializer is None else Initializer(initializer, (*initargs,))
        self._executor = Executor(processes)
        self._state = "RUN"

    def __repr__(self) -> str:
        return f"<Pool state={self._state} pool_size={self.size}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Be a pool of the rank that gets this one: its calls are nested calls there."""
        return _unpickled, (self.size, self._initializer)

    @property
    def size(self) -> int:
        """How many workers libraries are told of."""
        return self._executor.max_workers

    @property
    def _processes(self) -> int:
        return self._executor.max_workers

    @property
    def _max_workers(self) -> int:
        return self._executor.max_workers

    # --- calls -------------------------------------------------------------------------------

    def apply(
        self,
        func: Callable[..., T],
        args: Iterable[Any] = (),
        kwds: Mapping[str, Any] | None = None,
    ) -> T:
        """Have `func(*args, **kwds)` run, wait for it, and return what it returned."""
        return cast("T", futures.submit(self._prepare(func), *args, **(kwds or {})).result())

    def apply_async(
        self,
        func: Callable[..., T],
        args: Iterable[Any] = (),
        kwds: Mapping[str, Any] | None = None,
        callback: Callable[[T], object] | None = None,
        error_callback: Callable[[BaseException], object] | None = None,
    ) -> AsyncResult[T]:
        """Have `func(*args, **kwds)` run.

        Args:
            callback: Called with what it returned, on a thread of its own.
            error_callback: Called with what it raised, likewise.
        """
        return self._submit(self._prepare(func), (*args,), kwds or {}, callback, error_callback)

    def map(
        self, func: Callable[[Any], T], iterable: Iterable[Any], chunksize: int | None = None
    ) -> list[T]:
        """Have `func` run on each item, and return the results in order. `chunksize` is ignored."""
        return list(futures.map(self._prepare(func), iterable))

    def starmap(
        self,
        func: Callable[..., T],
        iterable: Iterable[Iterable[Any]],
        chunksize: int | None = None,
    ) -> list[T]:
        """Have `func` run on each tuple of arguments. `chunksize` is ignored."""
        return list(futures.map(_Star(self._prepare(func)), iterable))

    def map_async(
        self,
        func: Callable[[Any], T],
        iterable: Iterable[Any],
        chunksize: int | None = None,
        callback: Callable[[list[T]], object] | None = None,
        error_callback: Callable[[BaseException], object] | None = None,
    ) -> AsyncResult[list[T]]:
        """Do as `map`, without waiting; the callbacks are as those of `apply_async`."""
        args = self._prepare(func), list(iterable)
        return self._submit(_map, args, {}, callback, error_callback)

    def starmap_async(
        self,
        func: Callable[..., T],
        iterable: Iterable[Iterable[Any]],
        chunksize: int | None = None,
        callback: Callable[[list[T]], object] | None = None,
        error_callback: Callable[[BaseException], object] | None = None,
    ) -> AsyncResult[list[T]]:
        """Do as `starmap`, without waiting; the callbacks are as those of `apply_async`."""
        args = _Star(self._prepare(func)), list(iterable)
        return self._submit(_map, args, {}, callback, error_callback)

    def imap(
        self, func: Callable[[Any], T], iterable: Iterable[Any], chunksize: int = 1
    ) -> PoolIterator[T]:
        """Return an iterator over the results in order. The items are taken at the call."""
        return self._iterate(func, iterable, ordered=True)

    def imap_unordered(
        self, func: Callable[[Any], T], iterable: Iterable[Any], chunksize: int = 1
    ) -> PoolIterator[T]:
        """Return an iterator over the results as they come. The items are taken at the call."""
        return self._iterate(func, iterable, ordered=False)

    def _iterate(
        self, func: Callable[[Any], T], iterable: Iterable[Any], *, ordered: bool
    ) -> PoolIterator[T]:
        function = self._prepare(func)
        results = cast("Results", futures.map(function, iterable))
        self._executor.remember(results.task, None)
        return PoolIterator(current("Pool"), results.task, ordered=ordered)

    def _submit(
        self,
        func: Callable[..., T],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        callback: Callable[[T], object] | None,
        error_callback: Callable[[BaseException], object] | None,
    ) -> AsyncResult[T]:
        future = self._executor.submit(func, *args, **kwargs)
        if callback is not None or error_callback is not None:
            future.add_done_callback(functools.partial(_call_back, callback, error_callback))
        return AsyncResult(future)

    def _prepare(self, func: Callable[..., T]) -> Callable[..., T]:
        if self._state != "RUN":
            raise ValueError("Pool not running")
        return func if self._initializer is None else self._initializer.before(func)

    # --- the end -----------------------------------------------------------------------------

    def close(self) -> None:
        """Take no more calls."""
        if self._state == "RUN":
            self._state = "CLOSE"

    def terminate(self) -> None:
        """Take no more calls, and cancel those that nobody has started."""
        self._state = "TERMINATE"
        self._executor.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Wait until all calls have ended. The ranks go on.

        Raises:
            ValueError: The pool was not closed.
        """
        if self._state == "RUN":
            raise ValueError("Pool is still running")
        self._executor.shutdown(wait=True)

    def __enter__(self) -> Self:
        if self._state != "RUN":
            raise ValueError("Pool not running")
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.terminate()


class _Star:
    """A function of one tuple of arguments."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        # What its calls are known by, in messages and statistics.
        self.__qualname__ = getattr(function, "__qualname__", type(function).__qualname__)
        self.__module__ = getattr(function, "__module__", None) or type(function).__module__

    def __call__(self, args: Iterable[Any]) -> Any:
        return self._function(*args)


def _map(function: Callable[[Any], T], items: list[Any]) -> list[T]:
    """Map within a call: what an asynchronous map is."""
    return list(futures.map(function, items))


def _call_back(
    callback: Callable[[T], object] | None,
    error_callback: Callable[[BaseException], object] | None,
    future: Any,
) -> None:
    if future.cancelled():
        return
    error = future.exception()
    if error is None:
        if callback is not None:
            callback(future.result())
    elif error_callback is not None:
        error_callback(error)


def _too_late() -> NoReturn:
    import multiprocessing  # noqa: PLC0415  costs start-up time

    raise multiprocessing.TimeoutError from None


def _unpickled(processes: int, initializer: Initializer | None) -> Pool:
    pool = Pool(processes)
    pool._initializer = initializer  # noqa: SLF001  it is our own
    return pool
