"""Memory for large buffers: not filled with zeros first, and kept by the process for the next one.

The C library gives large blocks back to the system at once, and each page of a fresh one costs a
fault of about 0.5 us, which makes a buffer of 1 MB some ten times slower to fill than to copy. So
a process that moves large buffers keeps what it had, and gives it back when it has been idle for
`settings.TRIM_S`. SCOOP_MPI_KEEP_MEMORY=0 leaves the C library as it is.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from scoop_mpi._runtime import settings

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""


class _Heap:
    """What the C library was told."""

    def __init__(self) -> None:
        self.told = os.environ.get("SCOOP_MPI_KEEP_MEMORY") == "0"
        self.libc: Any = None
        self.to_trim = False

    def keep(self) -> None:
        """Tell the C library, once, to keep large blocks. Others than glibc have no such call."""
        import ctypes  # noqa: PLC0415  costs start-up time

        self.told = True
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim"):
            libc.mallopt(_M_MMAP_THRESHOLD, settings.KEPT)
            libc.mallopt(_M_TRIM_THRESHOLD, settings.KEPT)
            self.libc = libc


_heap = _Heap()


def new(size: int) -> memoryview:
    """Return writable memory of `size` bytes, with anything in it."""
    if size < settings.OUT_OF_BAND:
        return memoryview(bytearray(size))
    note_large()
    numpy = sys.modules.get("numpy")  # not worth an import: it takes 0.1 s
    # While the ticker receives, the main thread may be in the midst of importing it.
    empty, uint8 = getattr(numpy, "empty", None), getattr(numpy, "uint8", None)
    if empty is None or uint8 is None:
        return memoryview(bytearray(size))
    return memoryview(empty(size, uint8))


def copy(view: memoryview) -> memoryview:
    """Return a writable copy of flat bytes."""
    mine = new(view.nbytes)
    mine[:] = view
    copies.note(view.nbytes)
    return mine


class _Copies:
    """Copies of large buffers within this process."""

    def __init__(self) -> None:
        self.number = 0
        self.size = 0

    def note(self, size: int) -> None:
        """Count a copy, if it is of a large buffer."""
        if size < settings.OUT_OF_BAND:
            return
        self.number += 1
        self.size += size


copies = _Copies()


def peak() -> int:
    """Return the most bytes of memory that this process ever had; 0 where the system does not tell."""
    try:
        with open("/proc/self/status", "rb") as status:
            lines = dict(line.split(b":", 1) for line in status if b":" in line)
        return 1024 * int(lines[b"VmHWM"].split()[0])
    except (OSError, KeyError, ValueError):
        return 0


def note_large() -> None:
    """Say that this process moves a large buffer."""
    if not _heap.told:
        _heap.keep()
    _heap.to_trim = True


def trim() -> None:
    """Give back to the system what is kept and not used."""
    if _heap.to_trim:
        _heap.to_trim = False
        if _heap.libc is not None:
            _heap.libc.malloc_trim(0)
