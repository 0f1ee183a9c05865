"""Hands the launcher's standard input to the root, past mpirun.

mpirun would forward it, and badly: Open MPI 5 never tells the root that it has ended, and MPICH ends
the job when it comes faster than the root reads. So the launcher keeps the real one open under a
high number, and the root opens it as `/proc/PID/fd/NUMBER`. What is typed on a terminal is copied
by a process of the group in front, for only that may read from it.

Where ranks were started by the user's own mpirun, there is no launcher; then the root helps itself
as far as it can.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import stat
import sys
from collections.abc import MutableMapping

VARIABLE = "SCOOP_MPI_STDIN"
"""Tells the root where its standard input is: a path, or CLOSED."""

CLOSED = "closed"

_HIGH = 100
"""Numbers from here on are not in the way of mpirun, which expects the low ones to be its own."""

_MPIRUN_5 = ("prterun", "mpirun", "mpiexec")
"""What the mpirun of Open MPI 5 calls itself."""


# --- in the launcher -------------------------------------------------------------------------


def lend(environ: MutableMapping[str, str]) -> None:
    """Put standard input where the root finds it, and an empty one in its place."""
    environ.pop(VARIABLE, None)
    try:
        kept = fcntl.fcntl(0, fcntl.F_DUPFD, _HIGH)
    except OSError:  # we were started without one
        environ[VARIABLE] = CLOSED
        _replace(os.open(os.devnull, os.O_RDONLY))
        return
    if os.isatty(kept) or not _can_reopen(kept):
        from scoop_mpi._launch.relay import start_relay  # noqa: PLC0415  not for ranks

        kept = start_relay(kept, _HIGH)
    os.set_inheritable(kept, True)
    environ[VARIABLE] = f"/proc/{os.getpid()}/fd/{kept}"
    _replace(os.open(os.devnull, os.O_RDONLY))


def _can_reopen(number: int) -> bool:
    """Whether another process can open it: not a socket, nor a file that only others may open."""
    try:
        os.close(os.open(f"/proc/self/fd/{number}", os.O_RDONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


# --- in a rank -------------------------------------------------------------------------------


def restore(environ: MutableMapping[str, str], *, is_root: bool) -> None:
    """Give the root the launcher's standard input, and every other rank an empty one.

    To be called before anything reads from `sys.stdin`.
    """
    where = environ.pop(VARIABLE, None)  # not for programs that the user's program starts
    if not is_root:
        _replace(os.open(os.devnull, os.O_RDONLY))
        _renew_sys_stdin()
    elif where == CLOSED:
        # As Python does; but the number stays taken, lest MPI's next file be read as input.
        sys.stdin = None
    elif where is not None:
        try:
            _replace(_reopen(where))
        except OSError:
            sys.stderr.write(
                "scoop_mpi: the root is not where the launcher is, and cannot read the "
                "launcher's standard input.\n"
            )
        _renew_sys_stdin()
    elif "OMPI_VERSION" in environ:  # Open MPI 5 or later
        _take_from_mpirun()


def _take_from_mpirun() -> None:
    """Read a file that the user's own mpirun was given: from Open MPI 5 its end would never come.

    What can be read only once (a pipe, a terminal) is left to mpirun.
    """
    parent = f"/proc/{os.getppid()}"
    with contextlib.suppress(OSError):
        with open(f"{parent}/comm", encoding="utf-8") as name:
            if name.read().strip() not in _MPIRUN_5:
                return  # a daemon on another node than mpirun
        status = os.stat(f"{parent}/fd/0")
        if stat.S_ISREG(status.st_mode) or os.path.samestat(status, os.stat(os.devnull)):
            _replace(os.open(f"{parent}/fd/0", os.O_RDONLY))
            _renew_sys_stdin()


def _reopen(path: str) -> int:
    """Open what the launcher kept, where the launcher stood in it."""
    number = os.open(path, os.O_RDONLY)
    if stat.S_ISREG(os.fstat(number).st_mode):
        os.lseek(number, _position(path), os.SEEK_SET)
    return number


def _position(path: str) -> int:
    """Return how much of a file was read before us, as by `read line` in a shell script."""
    with open(path.replace("/fd/", "/fdinfo/"), encoding="ascii") as info:
        return next(int(line.split()[1]) for line in info if line.startswith("pos:"))


def _replace(number: int) -> None:
    """Make this file standard input, and forget its other number."""
    if number != 0:
        os.dup2(number, 0, inheritable=True)
        os.close(number)
    else:
        os.set_inheritable(0, True)


def _renew_sys_stdin() -> None:
    """Make `sys.stdin` anew: the old one believes that it is what it was (a pipe, a terminal)."""
    old = sys.stdin
    raw = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115  lives as long as the process
    with contextlib.suppress(AttributeError):
        raw.name = "<stdin>"
    sys.stdin = io.TextIOWrapper(
        io.BufferedReader(raw),
        encoding=old.encoding if old else None,
        errors=old.errors if old else None,
    )
    sys.__stdin__ = sys.stdin  # type: ignore[misc]
