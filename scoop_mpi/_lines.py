"""Connections between hosts of one job: a process listens, and those that know its password may call."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from typing import NamedTuple

_HELLO = struct.Struct("!16sI")
"""The password, and a number that says who calls."""

_WORD = 16
_QUEUE = 4096
_PROBES = 3


class Place(NamedTuple):
    """Where a process is called, and the words by which both sides know each other."""

    hosts: tuple[str, ...]
    port: int
    password: bytes
    welcome: bytes

    def __str__(self) -> str:
        words = self.password.hex(), self.welcome.hex()
        return "/".join((",".join(self.hosts), str(self.port), *words))

    @staticmethod
    def parse(text: str) -> Place:
        """Return what `str` made a text of; ValueError if it is another."""
        hosts, port, password, welcome = text.split("/")
        return Place(
            tuple(hosts.split(",")), int(port), bytes.fromhex(password), bytes.fromhex(welcome)
        )


class Listener:
    """Takes calls, without ever waiting.

    Raises:
        OSError: This process may not listen.
    """

    def __init__(self) -> None:
        both = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if both else socket.AF_INET
        self._socket = socket.create_server(
            ("", 0), family=family, backlog=_QUEUE, dualstack_ipv6=both
        )
        self._socket.setblocking(False)
        self._strangers: list[socket.socket] = []
        port: int = self._socket.getsockname()[1]
        self.place = Place(_own_names(), port, os.urandom(_WORD), os.urandom(_WORD))

    @property
    def files(self) -> list[int]:
        """What becomes readable when there is somebody to admit."""
        return [self._socket.fileno(), *(line.fileno() for line in self._strangers)]

    def admit(self) -> list[tuple[int, socket.socket]]:
        """Return the new lines: the number that was said, and a socket that does not block."""
        with contextlib.suppress(OSError):  # BlockingIOError: nobody else calls
            while True:
                self._strangers.append(self._socket.accept()[0])
        strangers, self._strangers = self._strangers[-_QUEUE:], []
        admitted = []
        for line in strangers:
            line.setblocking(False)
            try:
                word, number = _HELLO.unpack(line.recv(_HELLO.size))
            except BlockingIOError:  # it has not said anything yet
                self._strangers.append(line)
                continue
            except (OSError, struct.error):
                word, number = b"", 0
            if word == self.place.password:
                with contextlib.suppress(OSError):  # it has gone already, which will be seen
                    line.send(self.place.welcome)
                admitted.append((number, line))
            else:
                line.close()
        return admitted

    def close(self) -> None:
        """Take no more calls."""
        for line in (self._socket, *self._strangers):
            line.close()


def call(place: Place, number: int, patience_s: float) -> socket.socket | None:
    """Return a line to a process that listens, or None if it cannot be reached.

    The process may take any time to answer, if only its host does.

    Args:
        place: Where it is called.
        number: Says who calls.
        patience_s: As for `keep_alive`; and how long to try each of the process's names.

    Raises:
        OSError: Its host took the call, and then did not answer any more.
    """
    for host in place.hosts:
        try:
            line = socket.create_connection((host, place.port), patience_s)
        except OSError:
            continue
        line.settimeout(None)
        keep_alive(line, patience_s)
        with contextlib.suppress(ConnectionError):
            line.sendall(_HELLO.pack(place.password, number))
            if line.recv(_WORD, socket.MSG_WAITALL) == place.welcome:
                line.setblocking(False)
                return line
        line.close()
    return None


def keep_alive(line: socket.socket, patience_s: float) -> None:
    """Let the kernel ask, now and then, whether the other host still answers; if not, the line ends."""
    every_s = max(1, round(patience_s / _PROBES))
    limit_ms = max(1, round(patience_s * 1000))
    with contextlib.suppress(OSError):  # it has ended already
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, every_s)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, every_s)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_ms)


def _own_names() -> tuple[str, ...]:
    """Return this host's name, and the addresses behind it."""
    name = socket.gethostname()
    names = [name]
    with contextlib.suppress(OSError):
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        names += [str(address[0]) for *_, address in found]
    return tuple(dict.fromkeys(names))
