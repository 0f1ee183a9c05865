"""The runtime of a program that nobody launched: one rank, everything in place, one warning."""

from __future__ import annotations

import atexit
import warnings

from scoop_mpi._runtime import unseen
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.transport import Alone


def start_serial() -> Loop:
    """Start a runtime of one rank."""
    warnings.warn(
        "This program was not started by scoop_mpi, so it runs serially on one core. To run it "
        "in parallel: python -m scoop_mpi -n 4 program.py",
        RuntimeWarning,
        stacklevel=_outside(),
    )
    loop = Loop(Alone())
    atexit.register(unseen.report, loop)
    return loop


def _outside() -> int:
    """Return how many frames up the caller stands who is not of this package."""
    import sys  # noqa: PLC0415  used once in the life of a process

    level = 1
    frame = sys._getframe(1)  # noqa: SLF001  the documented way to look up the stack
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("scoop_mpi."):
        frame = frame.f_back
        level += 1
    return level
