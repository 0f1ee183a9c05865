"""What a rank tells the user: on stderr, if there is still one."""

from __future__ import annotations

import contextlib
import sys


def say(text: str) -> None:
    """Write a text and the end of its line. If the program broke its stderr, nobody is told."""
    # It may be closed, None, or an object of the program's own, which may raise anything.
    with contextlib.suppress(Exception):
        sys.stderr.write(text.rstrip("\n") + "\n")
        sys.stderr.flush()
