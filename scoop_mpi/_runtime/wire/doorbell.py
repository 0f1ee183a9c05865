"""How a rank that sleeps is woken: a bell that senders of the same node ring.

An idle rank blocks on a named pipe and costs nothing. Before it does, it says so in a
byte of shared memory; whoever has sent it a message looks at that byte and rings. A ring that is
lost to a race costs at most `settings.NAP_S`, for no nap is longer. A rank in user code has its
ticker rung, by a second byte and a second pipe.

The pipes, and the file with the bytes, live in a folder that only this user can enter; rank 0
makes it and tells the others its name. Ranks of other nodes cannot ring: where there are any, a
rank naps instead, for a part of the silence so far.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import select
import time
from typing import Protocol

from scoop_mpi._runtime import settings
from scoop_mpi._temporary import new_name


class Bell(Protocol):
    """What a rank needs to sleep and to wake others."""

    longest_s: float
    """No sleep is longer than this."""

    rings: bool
    """Whether others can ring this rank."""

    light_sleeper: bool
    """Whether this rank's ticker is to be rung for what is in no hurry, too."""

    def ring(self, rank: int, *, hurry: bool = True) -> None:
        """Wake this rank if it sleeps; or its ticker, if its main thread is in user code.

        Not its ticker for what is in no `hurry`: the main thread will look when its calls have ended.
        """

    def leave_to_ticker(self, *, leave: bool) -> None:
        """Say whether the ticker is to be rung for messages."""

    def tick_after(self, seconds: float) -> bool:
        """Block the ticker until it is rung, at most so long; return whether it was."""

    def ring_ticker(self) -> None:
        """Ring this rank's own ticker."""

    def lie_down(self) -> None:
        """Say that this rank is about to sleep; look for messages once more after this."""

    def get_up(self) -> None:
        """Take `lie_down` back."""

    def sleep(self, seconds: float) -> None:
        """Sleep until the bell rings, at most so long."""

    def close(self) -> None:
        """Leave nothing behind."""


class Doorbell:
    """The bell of a rank whose job runs on one node.

    Args:
        folder: What `new_folder` returned on rank 0.
    """

    longest_s = settings.NAP_S
    rings = True
    light_sleeper = False

    _NEVER, _FOR_HURRY, _ALWAYS = range(3)
    """When a rank's ticker is to be rung: what its byte says."""

    def __init__(self, folder: str, rank: int, ranks: int) -> None:
        self._rank = rank
        self._folder = folder
        self._asleep = _shared_bytes(os.path.join(folder, "asleep"), ranks)
        self._computing = _shared_bytes(os.path.join(folder, "computing"), ranks)
        self._pipe = self._make_pipe(str(rank))
        self._ticker_pipe = self._make_pipe(f"ticker {rank}")
        self.leave_to_ticker(leave=True)
        self._others: dict[str, int] = {}
        """The pipes of other ranks that were rung from here."""

    def _make_pipe(self, name: str) -> int:
        path = os.path.join(self._folder, name)
        os.mkfifo(path, 0o600)
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def ring(self, rank: int, *, hurry: bool = True) -> None:
        if self._asleep[rank]:
            self._write(str(rank))
        elif self._computing[rank] >= (self._FOR_HURRY if hurry else self._ALWAYS):
            self._write(f"ticker {rank}")

    def _write(self, name: str) -> None:
        # A full pipe means that it has been rung already; one without reader, that it has left.
        with contextlib.suppress(OSError):
            pipe = self._others.get(name)
            if pipe is None:
                if len(self._others) == settings.OPEN_BELLS:
                    os.close(self._others.pop(next(iter(self._others))))
                path = os.path.join(self._folder, name)
                pipe = out_of_the_way(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                self._others[name] = pipe
            os.write(pipe, b"!")

    def leave_to_ticker(self, *, leave: bool) -> None:
        left = self._ALWAYS if self.light_sleeper else self._FOR_HURRY
        self._computing[self._rank] = left if leave else self._NEVER

    def tick_after(self, seconds: float) -> bool:
        rung, _, _ = select.select([self._ticker_pipe], [], [], seconds)
        if rung:
            os.read(self._ticker_pipe, select.PIPE_BUF)
        return bool(rung)

    def ring_ticker(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._ticker_pipe, b"!")

    def lie_down(self) -> None:
        self._asleep[self._rank] = 1

    def get_up(self) -> None:
        self._asleep[self._rank] = 0

    def sleep(self, seconds: float) -> None:
        # Not `poll`, which counts in whole milliseconds.
        rung, _, _ = select.select([self._pipe], [], [], seconds)
        self.get_up()
        if rung:
            os.read(self._pipe, select.PIPE_BUF)

    def close(self) -> None:
        for pipe in (self._pipe, self._ticker_pipe, *self._others.values()):
            with contextlib.suppress(OSError):  # a rude call has closed whatever it found
                os.close(pipe)
        self._others.clear()
        if self._rank == 0:
            with contextlib.suppress(OSError):
                for entry in os.listdir(self._folder):
                    os.unlink(os.path.join(self._folder, entry))
                os.rmdir(self._folder)


def out_of_the_way(pipe: int) -> int:
    """Return a pipe under a number that is none of the standard streams, if one of them is closed.

    Else what the program prints would ring bells.
    """
    if pipe > 2:
        return pipe
    try:
        return fcntl.fcntl(pipe, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(pipe)


_FOLDER = "SCOOP_MPI_FOLDER"
"""Names the folder that our launcher removes, should the job be killed."""


def new_folder() -> str:
    """Make the folder for the bells of a node, which only this user can enter."""
    folder = os.environ.get(_FOLDER) or new_name()
    os.mkdir(folder, 0o700)
    return folder


def _shared_bytes(path: str, size: int) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.ftruncate(descriptor, size)
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


class Naps:
    """The bell of a rank that others cannot ring: it looks by itself, at most so many s apart."""

    rings = False
    light_sleeper = False

    def __init__(self, longest_s: float) -> None:
        self.longest_s = longest_s

    def ring(self, rank: int, *, hurry: bool = True) -> None:
        """Do nothing."""

    def leave_to_ticker(self, *, leave: bool) -> None:
        """Do nothing."""

    def tick_after(self, seconds: float) -> bool:
        time.sleep(seconds)
        return False

    def ring_ticker(self) -> None:
        """Do nothing."""

    def lie_down(self) -> None:
        """Do nothing."""

    def get_up(self) -> None:
        """Do nothing."""

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        """Do nothing."""
