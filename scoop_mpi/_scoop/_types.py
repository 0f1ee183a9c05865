"""`scoop._types`: the class of futures, and what they raise."""

from __future__ import annotations

from typing import Any

from scoop_mpi import futures
from scoop_mpi._runtime.future import CallbackEntry as callbackEntry
from scoop_mpi._scoop import gone
from scoop_mpi.futures import Future

TimeoutError = TimeoutError  # noqa: A001, PLW0127  the built-in, under SCOOP's name

__all__ = [
    "CallbackType",
    "CancelledError",  # noqa: F822  by __getattr__
    "Future",
    "TimeoutError",
    "callbackEntry",
]


class CallbackType:
    """Where a callback runs. Only "standard" is there: on the rank that made the future."""

    standard = "standard"
    universal = "universal"


def __getattr__(name: str) -> Any:
    """Import `CancelledError` at first use, and say what to use instead of what is not here."""
    if name == "CancelledError":
        return futures.CancelledError
    raise gone.attribute("scoop._types", name)
