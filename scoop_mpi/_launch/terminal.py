"""A terminal for the root's prompt: `python -m scoop_mpi -i` on a terminal.

mpirun would give the root a pipe, and Ctrl-C to everybody. So the launcher makes a second terminal
(a pseudo-terminal), whose other end the root opens, and carries what is typed and what is written
from one to the other, as `ssh -t` does.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:  # each rank imports this module, for `take`
    from scoop_mpi._launch.supervise import Supervisor

VARIABLE = "SCOOP_MPI_TERMINAL"
"""Tells the root its terminal: a host and a path."""

_AT_ONCE = 1 << 14
_CHECK_S = 0.05
_CTRL_C = b"\x03"


def is_here() -> bool:
    """Return whether a person sits before us."""
    return os.isatty(0) and os.isatty(1)


def run(supervisor: Supervisor, argv: tuple[str, ...], environ: dict[str, str]) -> NoReturn:
    """Start the job with a terminal for its root, and carry between the two until it ends."""
    import termios  # noqa: PLC0415  only here
    import tty  # noqa: PLC0415

    master, slave = os.openpty()
    _copy_size(0, slave)
    plain = termios.tcgetattr(slave)
    plain[1] &= ~termios.ONLCR  # the real terminal does that
    termios.tcsetattr(slave, termios.TCSANOW, plain)
    before = termios.tcgetattr(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    environ[VARIABLE] = f"{os.uname().nodename}:{os.ttyname(slave)}"
    tty.setraw(0)
    raw = termios.tcgetattr(0)
    raw[1] = before[1]  # what other ranks write still gets its carriage returns
    termios.tcsetattr(0, termios.TCSANOW, raw)
    keyboard = os.dup(0)
    try:
        os.dup2(nothing, 0)
        supervisor.start(argv, environ)
        signal.signal(signal.SIGWINCH, lambda *_: _resize(supervisor, keyboard, slave))
        status = _carry(supervisor, keyboard, master, slave)
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
    supervisor.end_like(status)


def _carry(supervisor: Supervisor, keyboard: int, master: int, slave: int) -> int:
    """Carry bytes both ways until mpirun has ended; return its status."""
    assert supervisor.mpirun is not None
    sources = [keyboard, master]
    while True:
        ready, _, _ = select.select(sources, [], [], _CHECK_S)
        if master in ready:
            _write(1, os.read(master, _AT_ONCE))
        elif not ready:
            ended, status = os.waitpid(supervisor.mpirun, os.WNOHANG)
            if not ended and supervisor.is_overdue():
                supervisor.kill_all()
            if ended:
                return status
        if keyboard in ready:
            typed = os.read(keyboard, _AT_ONCE)
            if not typed:
                sources.remove(keyboard)
            elif _CTRL_C in typed and _means_interrupt(slave):
                supervisor.interrupt_root()
            else:
                _write(master, typed)


def _write(number: int, data: bytes) -> None:
    while data:
        data = data[os.write(number, data) :]


def _means_interrupt(slave: int) -> bool:
    """Return whether Ctrl-C is a signal there; a line editor may have made it a key like others."""
    import termios  # noqa: PLC0415  only here

    return bool(termios.tcgetattr(slave)[3] & termios.ISIG)


def _copy_size(terminal: int, slave: int) -> None:
    import fcntl  # noqa: PLC0415  only here
    import termios  # noqa: PLC0415

    with contextlib.suppress(OSError):
        size: Any = fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)


def _resize(supervisor: Supervisor, keyboard: int, slave: int) -> None:
    _copy_size(keyboard, slave)
    root = supervisor.root()
    if root is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(root, signal.SIGWINCH)


def take(environ: MutableMapping[str, str], *, is_root: bool) -> bool:
    """Make the launcher's second terminal that of the root, if there is one; say whether it is."""
    host, _, path = environ.pop(VARIABLE, "").partition(":")
    if not is_root or host != os.uname().nodename:
        return False
    terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
    for number in (0, 1, 2):
        os.dup2(terminal, number, inheritable=True)
    os.close(terminal)
    return True
