"""How a rank that sleeps is woken: a bell that senders of the same node ring.

An idle rank blocks on a local datagram socket and costs nothing. Before it does, it says so in a
byte of shared memory; whoever has sent it a message looks at that byte and rings. A ring that is
lost to a race costs at most `settings.NAP_S`, for no nap is longer.

The sockets, and the file with the bytes, live in a folder that only this user can enter; rank 0
makes it and tells the others its name. Ranks of other nodes cannot ring: where there are any, a
rank naps instead, for a part of the silence so far.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import Protocol

from scoop_mpi._runtime import settings


class Bell(Protocol):
    """What the loop needs to sleep and to wake others."""

    longest_s: float
    """No sleep is longer than this."""

    def ring(self, rank: int) -> None:
        """Wake this rank if it sleeps."""

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

    def __init__(self, folder: str, rank: int, ranks: int) -> None:
        self._rank = rank
        self._folder = Path(folder)
        self._names = [str(self._folder / str(other)) for other in range(ranks)]
        self._asleep = _shared_bytes(self._folder / "asleep", ranks)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(self._names[rank])
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def ring(self, rank: int) -> None:
        if self._asleep[rank]:
            # A full queue means that it has been rung already; a missing socket, that it has left.
            with contextlib.suppress(OSError):
                self._socket.sendto(b"!", self._names[rank])

    def lie_down(self) -> None:
        self._asleep[self._rank] = 1

    def get_up(self) -> None:
        self._asleep[self._rank] = 0

    def sleep(self, seconds: float) -> None:
        self._poll.poll(seconds * 1000.0)
        self.get_up()
        with contextlib.suppress(OSError):  # until there is no ring left
            while True:
                self._socket.recv(1)

    def close(self) -> None:
        self._socket.close()
        if self._rank == 0:
            shutil.rmtree(self._folder, ignore_errors=True)


def new_folder() -> str:
    """Make the folder for the bells of a node, which only this user can enter."""
    return tempfile.mkdtemp(prefix="scoop_mpi-")


def _shared_bytes(path: Path, size: int) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.ftruncate(descriptor, size)
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


class Naps:
    """The bell of a rank that others cannot ring: it looks by itself, at most so many s apart."""

    def __init__(self, longest_s: float) -> None:
        self.longest_s = longest_s

    def ring(self, rank: int) -> None:
        """Do nothing."""

    def lie_down(self) -> None:
        """Do nothing."""

    def get_up(self) -> None:
        """Do nothing."""

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        """Do nothing."""
