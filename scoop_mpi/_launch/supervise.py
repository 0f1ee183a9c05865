"""Starts mpirun as a process of its own, and stands between it and whoever ends the job.

mpirun is not told of Ctrl-C: Open MPI's would kill the root where Python raises KeyboardInterrupt,
and both would tell the user a page about it. The root is, and ends the job as any program does. A
second Ctrl-C ends every process at once.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator, Mapping
from typing import NoReturn

from scoop_mpi._launch import hearing
from scoop_mpi._launch.chatter import Words
from scoop_mpi._launch.hearing import Hearing
from scoop_mpi._temporary import new_name

FOLDER_VARIABLE = "SCOOP_MPI_FOLDER"
"""Tells rank 0 which folder to make, if it makes one: the launcher removes what a killed job leaves."""

_SESSION_VARIABLES = ("PRTE_MCA_prte_local_tmpdir_base", "PRTE_MCA_prte_tmpdir_base")
"""Where Open MPI's mpirun keeps its files while it runs. It names them by the number of its process
alone: by what a killed one has left, a later one with the same number cannot start."""

_MPIRUN_LEAVES_S = 4.0
"""So long after the root's end mpirun may take to end: it waits for ever for a host that is cut off, and,
now and then, for a rank that has left without MPI's goodbye (Open MPI)."""

_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCONT")
_PR_SET_PDEATHSIG = 1
_ENDED_EARLY = b"""\
scoop_mpi: the job has ended before its program: a rank was killed, crashed, called MPI_Abort, or left
by itself. Which one, is said above.
"""
_WOULD_GO_ON = b"scoop_mpi: with Open MPI 5 the other ranks would have gone on.\n"


class Supervisor:
    """The launcher, while the job runs.

    Args:
        several: Whether the root may be on another host.
        warns_root: Whether a batch system's warnings are for the root alone, which stops in order;
            mpirun would end all ranks.

    Attributes:
        mpirun: The number of its process; None before the start.
    """

    def __init__(self, *, several: bool = False, warns_root: bool = False) -> None:
        self._warns_root = warns_root
        self._hearing = Hearing(several=several)
        self._folder = new_name()
        self._session = f"{self._folder}-mpirun"
        self._interrupts = 0
        self._signalled = False
        self._terminated = False
        self._over_at = 0.0
        self._root: int | None = None
        self._root_is_over = False
        """Whether the root has said its code, or has ended."""
        self._words: Words | None = None
        self._survives = False
        self.mpirun: int | None = None

    @property
    def environ(self) -> Mapping[str, str]:
        """What mpirun and the ranks must know."""
        told = {hearing.VARIABLE: self._hearing.address, FOLDER_VARIABLE: self._folder}
        if not any(name in os.environ for name in _SESSION_VARIABLES):
            told[_SESSION_VARIABLES[0]] = self._session
        return told

    def start(
        self, argv: tuple[str, ...], environ: Mapping[str, str], *, through_us: tuple[int, ...] = ()
    ) -> None:
        """Start mpirun, in a group of its own: Ctrl-C is for the group in front.

        Args:
            through_us: Which of 1 and 2 come by us, to go to standard error without its chatter; 1 only
                where its output is its own alone, not the ranks': no result, then.
        """
        self._survives = "--with-ft" in argv
        words = self._words = Words() if through_us else None
        self.mpirun = child = os.fork()
        if child == 0:
            if words is not None:
                for number in through_us:
                    os.dup2(words.write_end, number)
            _become(argv, environ)
        if words is not None:
            os.close(words.write_end)
        with contextlib.suppress(OSError):  # it has done so itself, and is mpirun already
            os.setpgid(child, child)
        for name in _FORWARDED:
            number = getattr(signal, name)
            if signal.getsignal(number) is not signal.SIG_IGN:  # else: nohup
                signal.signal(number, self._forward)
        signal.signal(signal.SIGINT, lambda *_: self.interrupt())

    def wait(self) -> NoReturn:
        """Wait for mpirun, and end as it does."""
        assert self.mpirun is not None
        with contextlib.suppress(OSError, AttributeError):
            self._wait_for_code(os.pidfd_open(self.mpirun))
        _, status = os.waitpid(self.mpirun, 0)
        self.end_like(status)

    def _wait_for_code(self, mpirun: int) -> None:
        """Return when mpirun has ended; it is ended if it does not follow the root."""
        words = self._words
        while True:
            root = self._root_descriptor()
            listened = [mpirun] if words is None else [mpirun, words.read_end]
            listened += self._hearing.files
            if root is not None and not self._root_is_over:
                listened.append(root)
            patience_s = _MPIRUN_LEAVES_S if self._root_is_over else None
            ready, _, _ = select.select(listened, [], [], patience_s)
            if words is not None and words.read_end in ready and not words.hand_on():
                words = None
            if mpirun in ready:
                return
            self._hearing.listen()
            # Also without a word: Open MPI's mpirun was seen to wait for ever for ranks that a signal
            # had ended, or that had finalized MPI.
            self._root_is_over = (
                self._hearing.code is not None or root in ready or self._root_is_over
            )
            if not ready:
                self.kill_all()
                return

    def _root_descriptor(self) -> int | None:
        """Return what becomes readable when the root ends, if it is on this host and has been heard of."""
        if self._root is None and self._hearing.root is not None and not self._root_is_over:
            try:
                self._root = os.pidfd_open(self._hearing.root)
            except ProcessLookupError:
                self._root_is_over = True
        return self._root

    def end_like(self, status: int) -> NoReturn:
        """End this process as the root has, if it has said so, or else as mpirun has.

        mpirun takes the code of a rank that has died for that of the job, though it went on.
        """
        if self._words is not None:
            self._words.finish()
        said = self._hearing
        said.listen()
        self._clean_up()
        if said.code is not None and self._interrupts < 2:
            os._exit(said.code)
        if said.began and not self._signalled:
            os.write(2, _ENDED_EARLY + (b"" if self._survives else _WOULD_GO_ON))
            if status == 0:  # MPICH's, now and then, when a rank has left with code 0
                os._exit(1)
        if os.WIFSIGNALED(status):
            if self._interrupts > 1:
                os._exit(130)
            number = os.WTERMSIG(status)
            if number == signal.SIGKILL and self._terminated:  # by us, at the second time
                number = signal.SIGTERM
            with contextlib.suppress(OSError):  # nobody can handle SIGKILL
                signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)

    def interrupt(self) -> None:
        """Interrupt the program; at the second time, end everything."""
        self._signalled = True
        self._interrupts += 1
        assert self.mpirun is not None
        if self._interrupts > 1:
            self.kill_all()
        else:
            self.interrupt_root()

    def is_overdue(self) -> bool:
        """Return whether mpirun should have ended, for the root has, some time ago."""
        self._hearing.listen()
        if self._hearing.code is None:
            return False
        self._over_at = self._over_at or time.monotonic()
        return time.monotonic() - self._over_at > _MPIRUN_LEAVES_S

    def kill_all(self) -> None:
        """End mpirun and all that it has started, at once."""
        assert self.mpirun is not None
        for number in (signal.SIGINT, signal.SIGTERM):  # whose handlers would begin this anew
            signal.signal(number, signal.SIG_IGN)
        # mpirun first, or it would tell of the others' end.
        for process in [self.mpirun, *_descendants(self.mpirun)]:
            _kill(process, signal.SIGKILL)

    def interrupt_root(self) -> None:
        """Interrupt the program, which may take it as it likes."""
        assert self.mpirun is not None
        root = self.root()
        # Without: it has not started yet, or is on another host.
        _kill(self.mpirun if root is None else root, signal.SIGINT)

    def root(self) -> int | None:
        """Return the process of the root, if it is on this host and has said so."""
        self._hearing.listen()
        return self._hearing.root

    def _forward(self, number: int, frame: object) -> None:
        assert self.mpirun is not None
        if number == signal.SIGTERM and self._terminated:
            self.kill_all()  # mpirun may be stuck itself
            return
        self._terminated = self._terminated or number == signal.SIGTERM
        self._signalled = True
        root = self.root() if self._warns_root and number != signal.SIGCONT else None
        _kill(self.mpirun if root is None else root, number)

    def _clean_up(self) -> None:
        """Remove what processes that were killed have left."""
        for top in (self._folder, self._session):
            with contextlib.suppress(OSError):
                for folder, _, files in os.walk(top, topdown=False):
                    for name in files:
                        os.unlink(os.path.join(folder, name))
                    os.rmdir(folder)


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
