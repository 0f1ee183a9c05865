"""What the root says to the launcher: the number of its process, then its exit code.

By a pipe where both are on one host, which an interrupted or killed root cannot block; by a connection
where they are not.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from scoop_mpi._lines import Listener

VARIABLE = "SCOOP_MPI_ROOT_PID"
"""Tells the root where to say it: a host and a path, and where to call from another host."""

_LENGTH = 64
_CALL_S = 5.0
_LATE_S = 1.0


class Hearing:
    """The launcher's side.

    Args:
        several: Whether the root may be on another host.

    Attributes:
        began: Whether the root has been heard of.
        root: The process of the root, if it is on this host and has said so.
        code: The root's exit code, once it has said it.
    """

    def __init__(self, *, several: bool) -> None:
        self.began = False
        self.root: int | None = None
        self.code: int | None = None
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_inheritable(self._write_end, True)
        self._listener: Listener | None = None
        self._line: socket.socket | None = None
        if several:
            from scoop_mpi._lines import Listener  # noqa: PLC0415  takes 3 ms, not needed by most

            with contextlib.suppress(OSError):
                self._listener = Listener()

    @property
    def address(self) -> str:
        """The value of VARIABLE."""
        path = f"/proc/{os.getpid()}/fd/{self._write_end}"
        elsewhere = str(self._listener.place) if self._listener is not None else ""
        return f"{os.uname().nodename}:{path}:{elsewhere}"

    @property
    def files(self) -> list[int]:
        """What becomes readable when there is something to hear."""
        if self.code is not None:
            return []
        files = [self._read_end]
        if self._line is not None:
            files.append(self._line.fileno())
        elif self._listener is not None:
            files += self._listener.files
        return files

    def listen(self) -> None:
        """Hear what has been said; never wait."""
        with contextlib.suppress(OSError, ValueError):
            for number in map(int, os.read(self._read_end, _LENGTH).split()):
                self.began = True
                if self.root is None:
                    self.root = number
                elif self.code is None:
                    self.code = number
        if self._listener is not None:
            for _, line in self._listener.admit():
                self.began = True
                self._line = line
        if self._line is not None and self.code is None:
            with contextlib.suppress(BlockingIOError):
                self._listen_to(self._line)

    def close(self) -> None:
        """Hear no more."""
        os.close(self._read_end)
        os.close(self._write_end)
        for ear in (self._line, self._listener):
            if ear is not None:
                ear.close()

    def _listen_to(self, line: socket.socket) -> None:
        try:
            self.code = int(line.recv(_LENGTH))
        except (ConnectionError, TimeoutError, ValueError):  # it ended without a word
            line.close()
            self._line = None


def tell_launcher(environ: MutableMapping[str, str], *, is_root: bool) -> Callable[[int], None]:
    """Tell the launcher which process the root is.

    Returns:
        What is to be called with the root's exit code.
    """
    host, _, rest = environ.pop(VARIABLE, "").partition(":")
    path, _, elsewhere = rest.partition(":")
    if not is_root or not host:
        return lambda _: None
    if host != os.uname().nodename:
        return _tell_other_host(elsewhere)

    def tell(number: int) -> None:
        with contextlib.suppress(OSError):
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            os.write(pipe, b"%d\n" % number)
            os.close(pipe)

    tell(os.getpid())
    return tell


def _tell_other_host(place: str) -> Callable[[int], None]:
    import threading  # noqa: PLC0415  as below

    from scoop_mpi._lines import Place, call  # noqa: PLC0415  not needed where all is on one host

    lines: list[socket.socket | None] = []

    def reach() -> None:
        line = None
        with contextlib.suppress(ValueError, OSError):
            line = call(Place.parse(place), os.getpid(), _CALL_S)
        lines.append(line)

    # In a thread: behind a firewall, to find out that nobody answers takes seconds.
    caller = threading.Thread(target=reach, daemon=True)
    caller.start()

    def tell(code: int) -> None:
        caller.join(_LATE_S)
        for line in lines:
            if line is not None:
                with contextlib.suppress(OSError), line:
                    line.send(b"%d\n" % code)

    return tell
