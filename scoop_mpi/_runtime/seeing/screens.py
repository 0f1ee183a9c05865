"""Where progress is shown: on a terminal's last row, in a log, in a notebook.

On a terminal, every rank of its host writes what the program prints. So the last row is taken out of
what scrolls: whatever anybody prints scrolls above it, whole.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from scoop_mpi._runtime.stderr import say

_LIVE_S = 0.2
_LOG_S = 60.0
_NOTEBOOK_S = 0.5


def find_screen() -> Log | Terminal | Notebook:
    """Return where progress is shown in this process."""
    shell = vars(sys.modules.get("IPython", sys)).get("get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is not None:
        return Notebook()
    with contextlib.suppress(AttributeError, OSError, ValueError):
        number = sys.stderr.fileno()
        if os.isatty(number) and os.environ.get("TERM", "dumb") not in ("", "dumb"):
            os.get_terminal_size(number)
            return Terminal(number)
    return Log()


class Log:
    """A line a minute."""

    every_s = _LOG_S

    def show(self, text: str) -> None:
        """Write a line."""
        say(f"scoop_mpi: {text}")

    def close(self, text: str) -> None:
        """Write the last line."""
        say(f"scoop_mpi: {text}")


class Terminal:
    """The last row of a terminal.

    Args:
        number: The open file of the terminal.
    """

    every_s = _LIVE_S

    def __init__(self, number: int) -> None:
        self._number = number
        self._rows = 0
        """How many rows the terminal had when its last one was taken; 0: it is not."""

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # it was hung up
            os.write(self._number, text.encode(errors="replace"))  # at once: others write there

    def show(self, text: str) -> None:
        """Replace what the last row shows."""
        try:
            columns, rows = os.get_terminal_size(self._number)
        except OSError:
            return
        if rows < 3:
            return
        taking = ""
        if rows != self._rows:
            # Down by one row, which scrolls if this is the last; let the others scroll; up again.
            taking = f"\x1bD\x1b7\x1b[1;{rows - 1}r\x1b8\x1b[1A"
            self._rows = rows
        line = "".join(letter if letter.isprintable() else "?" for letter in text)[: columns - 1]
        self._write(f"{taking}\x1b7\x1b[{rows};1H\x1b[2K{line}\x1b8")

    def close(self, text: str) -> None:
        """Give the last row back, and write the last line where the program's output ends."""
        if self._rows:
            self._write(f"\x1b7\x1b[r\x1b[{self._rows};1H\x1b[2K\x1b8")
            self._rows = 0
        say(f"scoop_mpi: {text}")


class Notebook:
    """A line under a notebook's cell."""

    every_s = _NOTEBOOK_S

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str) -> None:
        """Show a line, in place of the one before."""
        from IPython.display import display  # noqa: PLC0415  it is there: this is a notebook

        shown = {"text/plain": text}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    close = show
