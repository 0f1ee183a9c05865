"""Workers on demand, for a process that no launcher has started: a notebook, a script, a server.

with scoop_mpi.start(4):                    # this process and three workers
    results = list(futures.map(f, items))
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Self

import scoop_mpi


class Workers:
    """What `start` returns: a context manager that stops the workers at its end."""

    def __init__(self, started: object) -> None:
        self._started = started

    def stop(self) -> None:
        """End the workers; what they have not done is dropped. Calls are serial again."""
        from scoop_mpi._runtime.life.start import Started  # noqa: PLC0415  imports much

        if isinstance(self._started, Started):
            self._started.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(n: int | None = None) -> Workers:
    """Start workers on this machine, and make this process their root.

    Functions and classes of this process travel to them by value; modules they import themselves. No
    guard is needed, as the program is not imported. Under a launcher, or with workers already
    there, nothing is started: those ranks are used, whatever `n`.

    Args:
        n: Number of ranks, this process among them; None: one for each core it may use.

    Returns:
        Something to stop them with, also as a context manager; at exit they are stopped anyway.

    Raises:
        ValueError: `n` is less than 1.
        ScoopError: MPI cannot start processes from this one.
    """
    ranks = len(os.sched_getaffinity(0)) if n is None else n
    if ranks < 1:
        raise ValueError(f"scoop_mpi.start: n is a number of ranks, 1 or more, not {n!r}")
    if scoop_mpi.IS_RUNNING or ranks == 1:
        return Workers(None)
    from scoop_mpi._runtime.life.start import Started  # noqa: PLC0415  imports much

    return Workers(Started(ranks))
