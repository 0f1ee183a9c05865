"""What a rank tells the user: on stderr, if there is still one."""

from __future__ import annotations

import contextlib
import sys
import warnings


def say(text: str) -> None:
    """Write a text and the end of its line. If the program broke its stderr, nobody is told."""
    # It may be closed, None, or an object of the program's own, which may raise anything.
    with contextlib.suppress(Exception):
        sys.stderr.write(text.rstrip("\n") + "\n")
        sys.stderr.flush()


def warn(text: str) -> None:
    """Warn the user, at the line that called this package."""
    warnings.warn(text, RuntimeWarning, stacklevel=_outside())


def _outside() -> int:
    """Return how many frames up from the caller stands who is not of this package."""
    level = 1
    frame = sys._getframe(1)  # noqa: SLF001  the documented way to look up the stack
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("scoop_mpi."):
        frame = frame.f_back
        level += 1
    return level
