"""`scoop.futures`: all of `scoop_mpi.futures`, and the helpers that SCOOP's module had beside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from scoop_mpi import futures as _ours
from scoop_mpi._scoop import gone
from scoop_mpi._scoop._types import CallbackType
from scoop_mpi.errors import NotStartedProperly
from scoop_mpi.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    Future,
    as_completed,
    map,  # noqa: A004  SCOOP's name
    map_as_completed,
    mapReduce,
    mapScan,
    shutdown,
    submit,
    wait,
)

__all__ = [
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "CallbackType",
    "CancelledError",  # noqa: F822  by __getattr__
    "Future",
    "NotStartedProperly",
    "as_completed",
    "map",
    "mapReduce",
    "mapScan",
    "map_as_completed",
    "shutdown",
    "submit",
    "wait",
]

_AS_COMPLETED = "_AS_COMPLETED"

_controller = object()
"""Not None, by which programs see that the run was started properly."""


def _startup(rootFuture: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: N803  SCOOP's name
    """Run the root function: the ranks are there already."""
    return rootFuture(*args, **kwargs)


def _mapFuture(func: Callable[..., Any], *iterables: Iterable[Any]) -> list[Future]:  # noqa: N802  SCOOP's name
    """Return a future for each call of a map."""
    return [submit(func, *args) for args in zip(*iterables, strict=False)]


def _join(child: Future) -> Any:
    return child.result()


def _joinAll(*children: Future) -> list[Any]:  # noqa: N802  SCOOP's name
    return [child.result() for child in children]


def _waitAny(*children: Future) -> Iterator[Future]:  # noqa: N802  SCOOP's name
    return as_completed(children)


def _waitAll(*children: Future) -> Iterator[Future]:  # noqa: N802  SCOOP's name
    return as_completed(children)


def __getattr__(name: str) -> Any:
    """Import `CancelledError` at first use, and say what to use instead of what is not here."""
    if name == "CancelledError":
        return _ours.CancelledError
    raise gone.attribute("scoop.futures", name)
