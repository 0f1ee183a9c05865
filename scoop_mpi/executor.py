"""An executor of `concurrent.futures`, for libraries and event loops that want one.

    from scoop_mpi import Executor

    with Executor() as executor:
        print(list(executor.map(abs, range(-5, 5))))

Its futures are futures of `concurrent.futures`: what waits for such futures (`wait`, `as_completed`,
asyncio) waits for these, on any thread of the program. How that goes without anybody in one of our
own waits, `scoop_mpi._runtime.served` says. Two threads do what the program's own do not:

    scoop_mpi server      runs the calls that fall to this rank, as the main thread of a worker does
    scoop_mpi delivery    decodes outcomes, puts them into their futures, and calls their callbacks

Programs that have no need of other people's waits are better off with `scoop_mpi.futures`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from scoop_mpi import futures
from scoop_mpi._initializer import Initializer
from scoop_mpi._kernel.task import Task
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._runtime.future import Future, Results
from scoop_mpi._runtime.here import current
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.served import serve_threads

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Executor", "ExecutorFuture"]

T = TypeVar("T")
P = ParamSpec("P")


class ExecutorFuture(concurrent.futures.Future[T], Generic[T]):
    """A future of `concurrent.futures` for a call of an `Executor`."""

    def __init__(self, call: Future) -> None:
        super().__init__()
        self._call = call

    def running(self) -> bool:
        """Return whether the call has been started, or lent to another rank, and has not ended."""
        return not self.done() and self._call.running()

    def cancel(self) -> bool:
        """Cancel the call if nobody has started it; one lent to another rank counts as started."""
        if self._call.cancel():
            _deliver(self)
        return self.cancelled()

    def done(self) -> bool:
        """Return whether the call has ended or was cancelled."""
        if not super().done() and self._is_mine and self._call.done():
            _deliver(self)
        return super().done()

    def result(self, timeout: float | None = None) -> T:
        """Return what the call returned, or raise what it raised.

        Raises:
            TimeoutError: It is not there in time.
            CancelledError: It was cancelled.
        """
        left = self._await_here(timeout)
        try:
            return super().result(left)
        finally:
            # as the base class does: breaks the cycle of traceback and frame
            self = None  # type: ignore[assignment]  # noqa: PLW0642

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what the call raised, or None. Waits, and raises, as `result` does."""
        return super().exception(self._await_here(timeout))

    @property
    def _is_mine(self) -> bool:
        """Whether the thread that asks drives the loop, so that nobody else would do the work."""
        return self._call._loop.thread == threading.get_ident()  # noqa: SLF001  it is our own

    def _await_here(self, timeout: float | None) -> float | None:
        """Work until the outcome is there, if that falls to this thread; return the time left."""
        if super().done() or not self._is_mine:
            return timeout
        started = now()
        with contextlib.suppress(TimeoutError, concurrent.futures.CancelledError):
            self._call.exception(timeout)
        if self._call.task.finished:
            _deliver(self)
        return None if timeout is None else max(0.0, timeout - (now() - started))


def _deliver(future: ExecutorFuture[Any]) -> None:
    """Put the outcome of a call into its future, once, on this thread, which may run user code."""
    call = future._call  # noqa: SLF001  it is our own
    if _undelivered.pop(call.task, None) is None:
        return
    if call.cancelled():
        concurrent.futures.Future.cancel(future)
        future.set_running_or_notify_cancel()
        return
    future.set_running_or_notify_cancel()
    try:
        error = call.exception()
        if error is None:
            future.set_result(call.result())
            return
    except BaseException as odd:  # decoding runs user code, which may raise anything
        error = odd
    future.set_exception(error)


_undelivered: dict[Task, ExecutorFuture[Any]] = {}
"""Futures whose outcomes are still to come, or to be put into them."""

_post: SimpleQueue[Wait] = SimpleQueue()
"""The waits of those whose outcomes have come."""


def _deliver_for_ever() -> None:
    while True:
        task = _post.get().arrived[0]
        future = _undelivered.get(task)
        if future is not None:
            _deliver(future)
        del task, future


@functools.cache
def _start_delivery() -> None:
    threading.Thread(target=_deliver_for_ever, name="scoop_mpi delivery", daemon=True).start()


class Executor(concurrent.futures.Executor):
    """Runs calls on the ranks of this job.

    All executors share the ranks of the job, which are there without them: to make one costs nothing,
    and `shutdown` ends none of them.

    Args:
        max_workers: How many workers libraries are told of, which cut their work by it. The number of
            ranks, unless said. It does not limit how many calls run.
        initializer: Called on each rank before the first call of this executor that it runs.
        initargs: What it is called with.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        *,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        if max_workers is not None and max_workers < 1:
            raise ValueError(f"max_workers must be 1 or more, not {max_workers!r}")
        self._loop = current("Executor")
        self._max_workers = max_workers or self._loop.ranks
        self._initializer = None if initializer is None else Initializer(initializer, initargs)
        self._lock = threading.Lock()
        self._pending: dict[Task, ExecutorFuture[Any] | None] = {}
        """Tasks of this executor that may not have ended; those of maps have no future."""
        self._swept = 64
        """With so many of them, those that have ended are swept out."""
        self._closed = False

    def __repr__(self) -> str:
        state = " (shut down)" if self._closed else ""
        return f"<Executor of {self._loop.ranks} ranks{state}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Be an executor of the rank that gets this one: its calls are nested calls there."""
        return _unpickled, (self._max_workers, self._initializer)

    @property
    def max_workers(self) -> int:
        """How many workers libraries are told of."""
        return self._max_workers

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> ExecutorFuture[T]:
        """Have `fn(*args, **kwargs)` run, here or on another rank.

        Raises:
            RuntimeError: The executor was shut down.
            TypeError: `fn` is not callable.
            PickleError: `fn` or an argument cannot travel; nothing was submitted.
        """
        self._check_open()
        self._loop = loop = serve_threads(current("Executor.submit"))
        _start_delivery()
        call = futures.submit(self._initialized(fn), *args, **kwargs)
        future: ExecutorFuture[T] = ExecutorFuture(call)
        _undelivered[call.task] = future
        wait = Wait(1)
        wait.holder = _post
        with loop.lock:
            if call.task.finished:
                wait.arrived.append(call.task)
                _post.put(wait)
            else:
                loop.worker.watch(wait, call.task, 0)
        self.remember(call.task, future)
        if loop.group:  # made by a call, which may wait for it in any way
            loop.run_aside(call.task)
        return future

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[T]:
        """Have `fn` run on the items of the iterables, as the built-in `map` would.

        Args:
            timeout: Seconds from this call within which each result must be there when it is asked for.
            chunksize: Ignored: how many calls travel together is measured.
            buffersize: Take items as results are asked for, so many ahead. None: all at the call.

        Returns:
            An iterator over the results in input order. A call that raised raises when its turn comes.

        Raises:
            RuntimeError: The executor was shut down.
            ValueError: `chunksize` or `buffersize` is less than 1.
            TypeError: `fn` is not callable.
            PickleError: `fn` or an item cannot travel.
        """
        self._check_open()
        if chunksize < 1:
            raise ValueError(f"chunksize must be 1 or more, not {chunksize!r}")
        function = self._initialized(fn)
        results = futures.map(function, *iterables, timeout=timeout, buffersize=buffersize)
        if isinstance(results, Results):
            self.remember(results.task, None)
        return results

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  as PEP 3148 has it
        """Take no more calls.

        Args:
            wait: Whether to return only when all calls of this executor have ended. The ranks go on.
            cancel_futures: Whether to cancel the calls that nobody has started.
        """
        with self._lock:
            self._closed = True
            pending = dict(self._pending)
            if wait:
                self._pending.clear()
        calls = [future for future in pending.values() if future is not None]
        if cancel_futures:
            for call in calls:
                call.cancel()
        if wait:
            if current("Executor.shutdown") is not self._loop:
                return  # what `scoop_mpi.start` has started was stopped, and its calls were dropped
            for task in pending:
                self._await(task)
            for call in calls:
                _deliver(call)
            concurrent.futures.wait(calls)  # for what the delivery is about to deliver

    def _await(self, task: Task) -> None:
        """Wait until a task has ended."""
        wait = Wait(1)
        with self._loop.lock:
            if task.finished:
                return
            self._loop.worker.watch(wait, task, None)
        while True:
            self._loop.await_any(wait, [task], None)
            with self._loop.lock:
                if task.finished:
                    return
                wait.needed = 1

    def _initialized(self, fn: Callable[..., T]) -> Callable[..., T]:
        return fn if self._initializer is None else self._initializer.before(fn)

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")

    def remember(self, task: Task, future: ExecutorFuture[Any] | None) -> None:
        """Remember a task until it has ended, for `shutdown`."""
        with self._lock:
            self._pending[task] = future
            if len(self._pending) > self._swept:
                left = [entry for entry in self._pending.items() if not entry[0].finished]
                self._pending = dict(left)
                self._swept = 2 * len(left) + 64

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> bool | None:
        self.shutdown(wait=True)
        return None


def _unpickled(max_workers: int, initializer: Initializer | None) -> Executor:
    executor = Executor(max_workers)
    executor._initializer = initializer  # noqa: SLF001  it is our own
    return executor
