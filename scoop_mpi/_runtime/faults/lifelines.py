"""Connections between the root and one rank of every other node, by which each sees the other's end.

MPI libraries do not tell of a host that is cut off, and MPICH's mpirun waits for ever, one time in two,
when a rank on another host has left by itself (measured). Over a lifeline goes nothing after the first
words: the kernels of both hosts look after it, so that a rank whose call keeps Python's interpreter for
an hour still answers. Where none can be made (a firewall), there is none, and no verdict either.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Sequence
from typing import Protocol

from scoop_mpi._kernel.protocol import BROKER
from scoop_mpi._lines import Listener, Place, call, keep_alive

_GONE = "it has ended: it was killed, crashed, or left by itself"

Verdicts = list[tuple[int, str]]


class Transport(Protocol):
    """What is needed of MPI."""

    rank: int

    def from_root(self, value: Place | None) -> Place | None:
        """Return rank 0's value on every rank."""


class Lifelines:
    """This rank's ends of them. Made by all ranks at the same time.

    Args:
        nodes: The node of each rank.
        patience_s: A host that does not answer for so long is taken for dead.
    """

    def __init__(self, transport: Transport, nodes: Sequence[str], patience_s: float) -> None:
        self._rank = transport.rank
        self._nodes = nodes
        self._patience_s = patience_s
        self._listener: Listener | None = None
        self._lines: dict[int, socket.socket] = {}
        """On rank 0, by the rank at the other end; on others only the one to rank 0."""
        self._calling = False
        self._cut_off = False
        self._root: Place | None = None
        if self._rank == BROKER:
            with contextlib.suppress(OSError):
                self._listener = Listener()
        self._root = transport.from_root(self._listener.place if self._listener else None)
        self._call_if_speaker(set())  # at once: the first call may end a rank
        # A process that a call forks would hold the lines of this one.
        os.register_at_fork(after_in_child=self.close)

    def look(self, lost: set[int]) -> Verdicts:
        """Return the ranks that have ended or are cut off, and what of these, in words."""
        if self._listener is not None:
            for rank, line in self._listener.admit():
                keep_alive(line, self._patience_s)
                self._lines[rank] = line
        self._call_if_speaker(lost)
        found: Verdicts = self._silence(BROKER) if self._cut_off else []
        for rank, line in list(self._lines.items()):
            end = _end_of(line)
            if end is not None:
                line.close()
                del self._lines[rank]
                found += self._verdicts(rank, end)
        return [(rank, what) for rank, what in found if rank not in lost]

    def close(self) -> None:
        """Let go of all."""
        for line in self._lines.values():
            line.close()
        if self._listener is not None:
            self._listener.close()
        self._lines, self._listener, self._root = {}, None, None

    def _call_if_speaker(self, lost: set[int]) -> None:
        if self._root is not None and not self._calling and self._speaks(lost):
            self._calling = True
            # In a thread: to look up a name may take seconds.
            threading.Thread(target=self._call, args=[self._root], daemon=True).start()

    def _speaks(self, lost: set[int]) -> bool:
        """Return whether this rank speaks for its node: the first that lives, where the root is not."""
        node = self._nodes[self._rank]
        living = (rank for rank, its in enumerate(self._nodes) if its == node and rank not in lost)
        return node != self._nodes[BROKER] and next(living, None) == self._rank

    def _call(self, root: Place) -> None:
        try:
            line = call(root, self._rank, self._patience_s)
        except OSError:
            self._cut_off = True
            return
        if line is not None:
            self._lines[BROKER] = line

    def _verdicts(self, rank: int, end: OSError | EOFError) -> Verdicts:
        if isinstance(end, (EOFError, ConnectionError)):
            return [(rank, _GONE)]
        return self._silence(rank)

    def _silence(self, rank: int) -> Verdicts:
        """Say that a rank's host is silent: then all its ranks are, though of the root's, it is enough."""
        what = f"its host has not answered for {self._patience_s:g} s"
        if rank == BROKER:
            return [(BROKER, what)]
        node = self._nodes[rank]
        return [(other, what) for other, its in enumerate(self._nodes) if its == node]


def _end_of(line: socket.socket) -> OSError | EOFError | None:
    """Return how a line has ended, or None."""
    try:
        return None if line.recv(1) else EOFError()
    except BlockingIOError:
        return None
    except OSError as error:
        return error
