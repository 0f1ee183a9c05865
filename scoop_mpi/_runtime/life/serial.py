"""The runtime of a program that nobody launched: one rank, everything in place, one warning."""

from __future__ import annotations

import atexit

from scoop_mpi._runtime.life import unseen
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.stderr import warn
from scoop_mpi._runtime.wire.transport import Alone


def start_serial() -> Loop:
    """Start a runtime of one rank."""
    warn(
        "This program was not started by scoop_mpi, so it runs serially on one core. To run it "
        "in parallel: python -m scoop_mpi -n 4 program.py"
    )
    loop = Loop(Alone())
    atexit.register(unseen.report, loop)
    return loop
