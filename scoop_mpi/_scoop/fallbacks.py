"""`scoop.fallbacks`: the exception for programs that were not launched, which programs catch."""

from __future__ import annotations

from typing import TypeVar

from scoop_mpi.errors import NotStartedProperly

__all__ = [
    "NotStartedProperly",
    "ensureScoopStartedProperly",
    "ensureScoopStartedProperlyMapFallback",
]

_Function = TypeVar("_Function")


def ensureScoopStartedProperly(func: _Function) -> _Function:  # noqa: N802  SCOOP's name
    """Return the function as it is: without a launcher, scoop_mpi runs it serially."""
    return func


ensureScoopStartedProperlyMapFallback = ensureScoopStartedProperly  # noqa: N816  SCOOP's name
