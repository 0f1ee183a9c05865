"""A backend of joblib, and so of scikit-learn: its calls run on the ranks of this job.

    import joblib
    import scoop_mpi.joblib                 # registers the backend

    with joblib.parallel_config(backend="scoop_mpi"):
        joblib.Parallel()(joblib.delayed(abs)(x) for x in range(-5, 5))

`n_jobs` is the number of ranks unless said; with less, fewer batches are under way at a time. What a
call does in parallel itself, with `n_jobs` of its own, runs on the ranks as well.

In the program, outcomes come by the delivery of an `Executor`, as joblib looks for them from time to
time. A call that waits does the work meanwhile, as `futures` does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import joblib
from joblib.parallel import AutoBatchingMixin, ParallelBackendBase, register_parallel_backend

from scoop_mpi import futures
from scoop_mpi._runtime.here import current
from scoop_mpi.executor import Executor

if TYPE_CHECKING:  # joblib has no types

    class _Base:
        """Whatever joblib's bases have, to a type checker."""

        def __getattr__(self, name: str) -> Any: ...

else:

    class _Base(AutoBatchingMixin, ParallelBackendBase):
        """Joblib's bases."""


__all__ = ["Backend"]


class Backend(_Base):
    """The backend, named "scoop_mpi"."""

    default_n_jobs = -1

    MIN_IDEAL_BATCH_DURATION = 0.02
    MAX_IDEAL_BATCH_DURATION = 0.5

    supports_retrieve_callback: bool = True
    supports_return_generator = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._executor: Executor | None = None
        self._callbacks: dict[futures.Future, Callable[[Any], object] | None] = {}
        """In a call: its batches of which joblib has not taken the results, and what it wants called."""

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what belongs to a rank: a call gets its backend with its batch."""
        return vars(self) | {"_executor": None, "_callbacks": {}, "parallel": None}

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return how many batches should be under way at a time."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        ranks = current("joblib.Parallel").ranks
        if n_jobs is None:
            return 1
        return max(1, ranks + 1 + n_jobs) if n_jobs < 0 else n_jobs

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Get ready for a call of `Parallel`; return how many batches should be under way."""
        self.parallel = parallel
        in_a_call = current("joblib.Parallel").group != 0
        self.supports_retrieve_callback = not in_a_call
        self._executor = None if in_a_call else Executor()
        self._callbacks = {}
        return self.effective_n_jobs(n_jobs)

    def submit(
        self, func: Callable[[], Any], callback: Callable[[Any], object] | None = None
    ) -> Any:
        """Have a batch run."""
        # As an argument: it is used once, and callables are remembered.
        future: Any
        if self._executor is None:
            future = futures.submit(_run, func)
            self._callbacks[future] = callback
        else:
            future = self._executor.submit(_run, func)
            if callback is not None:
                future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, future: Any) -> Any:
        """Return the results of a batch that has ended."""
        return future.result()

    def retrieve_result(self, future: Any, timeout: float | None = None) -> Any:
        """Wait for the results of a batch, in a call."""
        results = future.result(timeout)
        # Here, for joblib may not come back into a wait of ours, where callbacks of futures run.
        callback = self._callbacks.pop(future)
        if callback is not None:
            callback(future)
        return results

    def terminate(self) -> None:
        """Forget what was learnt of the sizes of batches."""
        self.reset_batch_stats()
        self._callbacks = {}

    def abort_everything(self, ensure_ready: bool = True) -> None:  # noqa: FBT001, FBT002  joblib's
        """Cancel the batches that nobody has started."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = Executor()
        for call in self._callbacks:
            if not call.cancel():
                call.add_done_callback(
                    _look_at
                )  # joblib has told of one failure, and drops the others

    def get_nested_backend(self) -> tuple[Backend, int | None]:
        """Return the backend of what a call does in parallel itself: by default one after another."""
        nested = Backend(nesting_level=(self.nesting_level or 0) + 1)
        nested.default_n_jobs = 1
        return nested, None


def _look_at(call: futures.Future) -> None:
    call.exception()


def _run(batch: Callable[[], Any]) -> Any:
    return batch()


class _OfContext:
    """What joblib keeps for each thread, kept for each context: each call of ours that waits has one."""

    _config: ContextVar[Any] = ContextVar("config")

    @property
    def config(self) -> Any:
        """The backend in use, and its options."""
        try:
            return self._config.get()
        except LookupError:
            raise AttributeError("config") from None

    @config.setter
    def config(self, config: Any) -> None:
        self._config.set(config)


def _keep_config_by_context() -> None:
    """Let calls that lie upon one another on one thread keep the backends that they run in apart."""
    kept = getattr(joblib.parallel, "_backend", None)
    if isinstance(kept, threading.local):
        mine = _OfContext()
        if hasattr(kept, "config"):
            mine.config = kept.config
        joblib.parallel._backend = mine  # noqa: SLF001  joblib has no other way


_keep_config_by_context()
register_parallel_backend("scoop_mpi", Backend)
