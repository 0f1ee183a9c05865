"""Ranks on the launcher's host write to the launcher's output themselves, past mpirun.

So lines arrive whole (MPICH's mpirun cuts them where its buffer ends), at once (Open MPI's keeps
`input("name? ")` and progress bars back until the line has ended), and a terminal is a terminal.
Ranks on other hosts write through mpirun.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import stat
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

VARIABLE = "SCOOP_MPI_OUTPUT"
"""Tells the ranks where to write: a host, the launcher's process, and which of 1 and 2."""


def lend(environ: MutableMapping[str, str]) -> None:
    """Let ranks on this host write to our standard output and error."""
    numbers = [str(number) for number in (1, 2) if _can_share(number)]
    if numbers:
        environ[VARIABLE] = ":".join([os.uname().nodename, str(os.getpid()), *numbers])


def is_lent(environ: Mapping[str, str], number: int) -> bool:
    """Return whether ranks on this host write there themselves."""
    return str(number) in environ.get(VARIABLE, "").split(":")[2:]


def _can_share(number: int) -> bool:
    """Whether others can write there by its path, each line after those of everybody else."""
    try:
        status = os.fstat(number)
        if stat.S_ISREG(status.st_mode):
            # Whoever opens a file writes from its start, unless everybody appends.
            fcntl.fcntl(number, fcntl.F_SETFL, fcntl.fcntl(number, fcntl.F_GETFL) | os.O_APPEND)
        os.close(_open(os.getpid(), number))
    except OSError:  # closed, a socket, or somebody else's
        return False
    return True


def _open(process: int, number: int) -> int:
    return os.open(f"/proc/{process}/fd/{number}", os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)


def take(environ: MutableMapping[str, str]) -> None:
    """Write to the launcher's output from now on, if this rank is on its host."""
    host, _, rest = environ.pop(VARIABLE, "").partition(":")
    process, *numbers = rest.split(":")
    if host != os.uname().nodename:
        return
    for number in map(int, numbers):
        with contextlib.suppress(OSError):
            ours = _open(int(process), number)
            os.dup2(ours, number, inheritable=True)
            os.close(ours)


# --- labels ----------------------------------------------------------------------------------


class _Labelled(io.RawIOBase):
    """Puts a label before each line on its way out."""

    def __init__(self, number: int, label: str) -> None:
        self._number = number
        self._label = label.encode()
        self._begins = True

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, data: Any) -> int:
        text = bytes(data)
        lines = text.splitlines(keepends=True)
        labelled = b"".join(
            line if index == 0 and not self._begins else self._label + line
            for index, line in enumerate(lines)
        )
        self._begins = text.endswith(b"\n")
        while labelled:
            labelled = labelled[os.write(self._number, labelled) :]
        return len(text)


def label(rank: int) -> None:
    """Put the rank and its host before each line that Python writes in this process."""
    text = f"[{rank} {os.uname().nodename.partition('.')[0]}] "
    for name, number in (("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)
        if old is not None:
            old.flush()
            stream = io.TextIOWrapper(
                io.BufferedWriter(_Labelled(number, text)),
                encoding=old.encoding,
                errors=old.errors,
                line_buffering=True,
            )
            setattr(sys, name, stream)
