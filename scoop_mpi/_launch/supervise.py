"""Starts mpirun as a process of its own, and stands between it and whoever ends the job.

mpirun is not told of Ctrl-C: Open MPI's would kill the root where Python raises KeyboardInterrupt,
and both would tell the user a page about it. The root is, and ends the job as any program does. A
second Ctrl-C ends every process at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping, MutableMapping
from typing import NoReturn

ROOT_VARIABLE = "SCOOP_MPI_ROOT_PID"
"""Tells the root where to write the number of its process: a host and a path."""

_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCONT")
_PR_SET_PDEATHSIG = 1
_PID_LENGTH = 32


class Supervisor:
    """The launcher, while the job runs.

    Attributes:
        mpirun: The number of its process; None before the start.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_inheritable(self._write_end, True)
        self._root: int | None = None
        self._interrupts = 0
        self.mpirun: int | None = None

    @property
    def environ(self) -> Mapping[str, str]:
        """What the ranks must know."""
        return {ROOT_VARIABLE: f"{os.uname().nodename}:/proc/{os.getpid()}/fd/{self._write_end}"}

    def start(self, argv: tuple[str, ...], environ: Mapping[str, str]) -> None:
        """Start mpirun, in a group of its own: Ctrl-C is for the group in front."""
        self.mpirun = child = os.fork()
        if child == 0:
            _become(argv, environ)
        with contextlib.suppress(OSError):  # it has done so itself, and is mpirun already
            os.setpgid(child, child)
        for name in _FORWARDED:
            signal.signal(getattr(signal, name), self._forward)
        signal.signal(signal.SIGINT, lambda *_: self.interrupt())

    def wait(self) -> NoReturn:
        """Wait for mpirun, and end as it does."""
        assert self.mpirun is not None
        _, status = os.waitpid(self.mpirun, 0)
        self.end_like(status)

    def end_like(self, status: int) -> NoReturn:
        """End this process as another one has."""
        if os.WIFSIGNALED(status):
            if self._interrupts > 1:
                os._exit(130)
            number = os.WTERMSIG(status)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)

    def interrupt(self) -> None:
        """Interrupt the program; at the second time, end everything."""
        self._interrupts += 1
        assert self.mpirun is not None
        if self._interrupts > 1:
            for process in [*_descendants(self.mpirun), self.mpirun]:
                _kill(process, signal.SIGKILL)
        else:
            self.interrupt_root()

    def interrupt_root(self) -> None:
        """Interrupt the program, which may take it as it likes."""
        assert self.mpirun is not None
        root = self.root()
        # Without: it has not started yet, or is on another host.
        _kill(self.mpirun if root is None else root, signal.SIGINT)

    def root(self) -> int | None:
        """Return the process of the root, if it is on this host and has said so."""
        if self._root is None:
            with contextlib.suppress(OSError):
                self._root = int(os.read(self._read_end, _PID_LENGTH))
        return self._root

    def _forward(self, number: int, frame: object) -> None:
        assert self.mpirun is not None
        _kill(self.mpirun, number)


def tell_root(environ: MutableMapping[str, str], *, is_root: bool) -> None:
    """Tell the launcher which process the root is, if the launcher is on this host."""
    host, _, path = environ.pop(ROOT_VARIABLE, "").partition(":")
    if is_root and host == os.uname().nodename:
        with contextlib.suppress(OSError):
            number = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            os.write(number, str(os.getpid()).encode())
            os.close(number)


def _become(argv: tuple[str, ...], environ: Mapping[str, str]) -> NoReturn:
    """Be mpirun, which does not outlive the launcher."""
    try:
        os.setpgid(0, 0)
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes  # noqa: PLC0415  only in this process

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        os.execve(argv[0], argv, environ)
    except OSError as error:
        os.write(2, f"scoop_mpi: {argv[0]} cannot be started: {error.strerror}\n".encode())
    finally:
        os._exit(1)


def _kill(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)


def _descendants(ancestor: int) -> list[int]:
    """Return the processes that a process has started, and those that they have."""
    parents = dict(_parents())
    found = {ancestor}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {ancestor})


def _parents() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with (
                contextlib.suppress(OSError, ValueError, IndexError),
                open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file,
            ):
                yield int(name), int(file.read().rpartition(")")[2].split()[1])
