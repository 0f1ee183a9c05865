"""`scoop.shared`: that of scoop_mpi."""

from __future__ import annotations

from typing import Any

from scoop_mpi._scoop import gone
from scoop_mpi.shared import elements, getConst, setConst

__all__ = ["elements", "getConst", "setConst"]


def __getattr__(name: str) -> Any:
    """Say of a name of SCOOP's that is not here what to use instead."""
    raise gone.attribute("scoop.shared", name)
