"""The loop of this process: a process is one rank."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.loop import Loop

if TYPE_CHECKING:
    from scoop_mpi._runtime.seeds import Stream

_current: Loop | None = None
importing: Callable[[str], None] | None = None
"""Set while a worker imports the program: called, with the name, by what must not be called then."""

stream: Callable[[], Stream | None] | None = None
"""Tells of the random stream of the call that runs; None as long as nothing here was seeded."""


def current(caller: str = "") -> Loop:
    """Return the loop of this process; outside a launcher, make one that runs serially."""
    if _current is not None:
        return _current
    if importing is not None:
        importing(caller)
    from scoop_mpi._runtime.life.serial import start_serial  # noqa: PLC0415  only where nobody launched

    loop = start_serial()
    install(loop)
    return loop


def uninstall() -> None:
    """Leave the process without a loop, as it was before one was installed."""
    global _current  # noqa: PLW0603  as below
    _current = None


def install(loop: Loop) -> None:
    """Make this the loop of the process."""
    global _current  # noqa: PLW0603  a process is one rank
    _current = loop
    sys.setswitchinterval(min(sys.getswitchinterval(), settings.SWITCH_INTERVAL_S))
