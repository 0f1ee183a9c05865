"""What a rank that crashes leaves to be read: the signal and where the program was.

Python's own fault handler writes both, when a rank dies of a bug in C code. It writes to a file in the
folder of the bells, so that one line can tell it, not a page.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import sys
from typing import IO

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

OVERDUE = "a call could not be interrupted when its time was over"
"""What is said of a rank that its watchdog has ended."""

_WATCHDOG = b"Timeout ("

_files: list[IO[bytes]] = []
"""What the fault handler writes to: open as long as this process lives."""


def keep_record(folder: str, rank: int) -> None:
    """Let this rank's last words be written, unless the user has them written elsewhere.

    Without a folder, to standard error.
    """
    if faulthandler.is_enabled():
        return
    if not folder:
        with contextlib.suppress(OSError, ValueError, AttributeError):  # it may be closed
            faulthandler.enable(all_threads=False)
        return
    with contextlib.suppress(OSError):
        file = open(_path(folder, rank), "wb", buffering=0)  # noqa: SIM115  it stays open
        _files.append(file)
        faulthandler.enable(file, all_threads=False)


def read_record(folder: str, rank: int) -> str:
    """Return what a rank crashed of, and where; empty if it left no word."""
    try:
        with open(_path(folder, rank), encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return ""
    fault = re.search(r"^Fatal Python error: (.+)$", text, re.MULTILINE)
    overdue = text.startswith(_WATCHDOG.decode())
    if fault is None and not overdue:
        return ""
    if overdue:
        text = text.rpartition("Thread 0x")[2]  # the main thread comes last
    frames = re.findall(r'File "(.+)", line (\d+) in (.+)$', text, re.MULTILINE)
    users = [frame for frame in frames if not frame[0].startswith(_PACKAGE)]
    where = " in {2} ({0}, line {1})".format(*users[0]) if users else ""
    return f"{OVERDUE},{where}" if fault is None else f"it crashed: {fault[1]}{where}"


def is_overdue(folder: str, rank: int) -> bool:
    """Return whether a rank's watchdog has found its call to be over its time, and stuck."""
    try:
        with open(_path(folder, rank), "rb") as record:
            return record.read(len(_WATCHDOG)) == _WATCHDOG
    except OSError:
        return False


def file() -> IO[bytes] | IO[str]:
    """Return what this rank's last words are written to."""
    return _files[0] if _files else sys.stderr


def _path(folder: str, rank: int) -> str:
    return os.path.join(folder, f"crash {rank}")
