"""Frames of bytes between ranks: the only module that touches mpi4py.

All sends are non-blocking and keep their memory until they are done. A message whose frames are
one small pickle travels as one MPI message; another one as a header that gives the sizes of its large
frames, and holds the pickle itself if that is small, followed by these frames on a second communicator,
straight into memory of their own and in pieces that MPI's 32-bit counts can hold. Messages of one pair
of ranks are delivered in order.

Both communicators are our own, so that a program may use MPI for itself.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.values import memory
from scoop_mpi.errors import ScoopError

Frames = list[Any]

end_process = os._exit
"""Python's own: what the program finds under that name may be another (see `losses`)."""

_SURVIVES = "OMPI_MCA_mpi_ft_enable"
"""What Open MPI's mpirun tells its ranks with `--with-ft`."""


class Transport(Protocol):
    """What the loop needs of a way between ranks. Every call is made under the loop's lock."""

    rank: int
    ranks: int
    failed: set[int]
    """Ranks that the library has found dead."""

    @property
    def busy(self) -> bool:
        """Whether anything is under way, so that sleeping would hold it up."""

    def send(self, rank: int, frames: Frames) -> None:
        """Start to send; the frames must not change until they are there."""

    def poll(self) -> list[tuple[int, Frames]]:
        """Make progress and return what has arrived, with its sender."""

    def forget(self, rank: int) -> None:
        """Drop what is under way to and from a lost rank."""

    def close(self) -> None:
        """Wait until all sends are done and leave."""


class Alone:
    """The transport of a job of one rank."""

    rank = 0
    ranks = 1
    busy = False
    failed: set[int] = set()  # noqa: RUF012  as of any transport; nobody fails

    def send(self, rank: int, frames: Frames) -> None:
        """Never called: a rank delivers to itself without a transport."""
        raise AssertionError(f"no rank {rank} to send {len(frames)} frames to")

    def poll(self) -> list[tuple[int, Frames]]:
        """Return nothing."""
        return []

    def forget(self, rank: int) -> None:
        """Never called: there is nobody to lose."""

    def close(self) -> None:
        """Do nothing."""


class _Incoming:
    """A message whose header has come, and whose frames are on their way."""

    __slots__ = ("frames", "requests")

    def __init__(self, frames: Frames, requests: list[Any]) -> None:
        self.frames = frames
        self.requests = requests


class Mpi:
    """Frames over MPI point-to-point messages."""

    _WHOLE, _HEADER = 1, 2

    def __init__(self, link: Any = None) -> None:
        """Join the other ranks.

        Args:
            link: None: the ranks that were started together. Or an intercommunicator of mpi4py,
                between a process and those that it has started: these are the ranks from 1 on.
        """
        self.survives = os.environ.get(_SURVIVES) in ("1", "true")
        """Whether the library goes on without a rank that has died (Open MPI's ULFM)."""
        if self.survives:
            # With a dead rank it would hang, and a rank may die at any moment (MPI_Finalize: 6 of 8).
            import mpi4py  # noqa: PLC0415  as below

            mpi4py.rc.finalize = False
        from mpi4py import MPI  # noqa: PLC0415  importing it starts MPI

        self._mpi = MPI
        self._links: list[Any] = []
        everybody = MPI.COMM_WORLD
        if link is not None:
            everybody = link.Merge(high=MPI.Comm.Get_parent() != MPI.COMM_NULL)
            self._links += [everybody, link]
        self._control = everybody.Dup()
        self._bulk = everybody.Dup()
        self.rank: int = self._control.Get_rank()
        self.ranks: int = self._control.Get_size()
        self.library: str = MPI.Get_library_version().splitlines()[0]
        self.threads: bool = MPI.Query_thread() == MPI.THREAD_MULTIPLE
        self._status = MPI.Status()
        self._sends: list[tuple[Any, Any, int]] = []
        """Requests under way, with the memory that they read, and to whom."""
        self._abandoned: list[tuple[Any, Any, int]] = []
        """Requests that will never be done, whose memory must stay."""
        self.failed: set[int] = set()
        self._mute = False
        """Whether nothing is sent any more: the others are leaving, and would not receive it."""
        self._finalize: Callable[[], None] = MPI.Finalize
        self._closed = False
        """Whether this rank has left: another thread may still ask, and gets nothing."""
        self._queues: dict[int, deque[_Incoming]] = {}
        """For each sender: large messages that are not complete, and what came after them."""

    @property
    def busy(self) -> bool:
        return bool(self._sends or self._queues)

    def from_root(self, value: Any) -> Any:
        """Return rank 0's value on every rank. Every rank calls it, before anything is sent."""
        return self._control.bcast(value, 0)

    def at_root(self, value: Any) -> list[Any] | None:
        """Return every rank's value on rank 0. Every rank calls it, before anything is sent."""
        found: list[Any] | None = self._control.gather(value, 0)
        return found

    def everywhere(self, value: Any) -> list[Any]:
        """Return every rank's value on every rank. Every rank calls it, before anything is sent."""
        found: list[Any] = self._control.allgather(value)
        return found

    def send(self, rank: int, frames: Frames) -> None:
        if self._closed or self._mute or rank in self.failed:
            return
        first = frames[0]
        if len(frames) == 1 and len(first) <= settings.EAGER:
            self._start(self._control, rank, first, self._WHOLE)
            return
        memory.note_large()
        held = frames[:1] if len(first) <= settings.EAGER else []
        views = [memoryview(frame).cast("B") for frame in frames[len(held) :]]
        header = b";".join([",".join(str(view.nbytes) for view in views).encode(), *held])
        self._start(self._control, rank, header, self._HEADER)
        for view in views:
            for start in range(0, view.nbytes, settings.CHUNK):
                self._start(self._bulk, rank, view[start : start + settings.CHUNK], self._WHOLE)

    def _start(self, comm: Any, rank: int, data: Any, tag: int) -> None:
        try:
            request = comm.Isend([data, self._mpi.BYTE], rank, tag)
        except self._mpi.Exception:
            self._look_for_dead()
        else:
            self._sends.append((request, data, rank))

    def _look_for_dead(self) -> None:
        """Find out who has died, in the handler of MPI's error; raise that, if it was another."""
        if not self.survives:
            raise  # noqa: PLE0704  in the handler
        control = self._control
        control.Ack_failed()
        group = control.Get_failed()
        dead = self._mpi.Group.Translate_ranks(group, None, control.Get_group())
        if not dead:
            raise  # noqa: PLE0704  as above
        self.failed.update(dead)

    def forget(self, rank: int) -> None:
        self.failed.add(rank)
        self._abandoned += [entry for entry in self._sends if entry[2] == rank]
        self._sends = [entry for entry in self._sends if entry[2] != rank]
        for incoming in self._queues.pop(rank, ()):
            self._abandoned += [(request, incoming.frames, rank) for request in incoming.requests]

    def _is_done(self, request: Any) -> bool:
        """Return whether a request needs no more attention."""
        try:
            return bool(request.Test())
        except self._mpi.Exception:
            self._look_for_dead()
            return True

    def poll(self) -> list[tuple[int, Frames]]:
        if self._closed:
            return []
        if self._sends:
            self._sends = [entry for entry in self._sends if not self._is_done(entry[0])]
        arrived: list[tuple[int, Frames]] = []
        control, status, byte = self._control, self._status, self._mpi.BYTE
        any_one = self._mpi.ANY_SOURCE
        while True:
            try:
                message = control.Improbe(any_one, self._mpi.ANY_TAG, status)
                if message is None:
                    break
                source, tag, size = status.Get_source(), status.Get_tag(), status.Get_count(byte)
                data = bytearray(size)
                message.Recv([data, byte])
            except self._mpi.Exception:
                self._look_for_dead()
                break
            if tag == self._HEADER:
                incoming = self._receive_frames(source, data)
                self._queues.setdefault(source, deque()).append(incoming)
            elif source in self._queues:
                self._queues[source].append(_Incoming([data], []))
            else:
                arrived.append((source, [data]))
        if self._queues:
            self._complete(arrived)
        return arrived

    def _receive_frames(self, source: int, header: bytearray) -> _Incoming:
        sizes, held, first = header.partition(b";")
        frames: Frames = [first] if held else []
        requests: list[Any] = []
        for size in map(int, sizes.split(b",")):
            view = memory.new(size)
            frames.append(view)
            for start in range(0, size, settings.CHUNK):
                part = view[start : start + settings.CHUNK]
                requests.append(self._bulk.Irecv([part, self._mpi.BYTE], source, self._WHOLE))
        return _Incoming(frames, requests)

    def _complete(self, arrived: list[tuple[int, Frames]]) -> None:
        """Move messages that are complete from the queues, in order of each sender."""
        for source, queue in list(self._queues.items()):
            while queue:
                head = queue[0]
                head.requests = [request for request in head.requests if not self._is_done(request)]
                if head.requests or source in self.failed:
                    break
                queue.popleft()
                arrived.append((source, head.frames))
            if not queue:
                del self._queues[source]

    def mute(self) -> None:
        """Send nothing from now on."""
        self._mute = True

    def close(self) -> None:
        """Send and receive nothing from now on, once rank 0 has what was sent to it.

        Not what was sent to others: who has left receives it no more, and nobody waits for it.
        """
        while any(rank == 0 for _, _, rank in self._sends):
            self._sends = [entry for entry in self._sends if not self._is_done(entry[0])]
        self._closed = True

    def part(self) -> None:
        """Cut the link to ranks that were started by another, or by us. Every rank calls it."""
        if self._links:
            merged, link = self._links
            for communicator in (self._control, self._bulk, merged):
                communicator.Free()
            link.Disconnect()  # of all four, Open MPI waits for ever in the second
            self._links = []

    def finalize(self) -> None:
        """Leave MPI, if that is sure to end; nothing may be sent after this."""
        if not (self.survives or self._mpi.Is_finalized()):
            self.part()
            self._finalize()

    def abort(self, code: int) -> None:
        """End every process of the job with this exit code, at once."""
        if not self.survives:
            self._control.Abort(code)
        # It would hang: the end of the root ends the others, that of another rank is its own.
        if self.rank == 0:
            end_process(code)
        os.kill(os.getpid(), signal.SIGKILL)

    def guard(self, abort: Callable[[int], NoReturn]) -> None:
        """Guard the job against what a program may do with MPI for itself.

        `MPI.Finalize` would end what our messages need: it raises (measured: the job hangs, under both
        libraries). `MPI.COMM_WORLD.Abort` calls `abort`, which says who called it. A library that
        survives takes its own for the death of that rank (measured: the job hangs, 7 of 7).
        """
        names = vars(self._mpi)
        self._finalize = self._mpi.Finalize
        names["Finalize"] = _refuse_to_finalize

        class World(self._mpi.Intracomm):  # type: ignore[misc,name-defined]  # imported late
            """COMM_WORLD."""

            def Abort(self, errorcode: int = 0) -> NoReturn:  # noqa: N802  MPI's name
                """End the job with this code."""
                abort(errorcode)

        names["COMM_WORLD"] = World(self._mpi.COMM_WORLD)


def _refuse_to_finalize() -> None:
    """Stand for `MPI.Finalize` of mpi4py."""
    raise ScoopError(
        f"MPI.Finalize() on {host()}: the job's own messages go by MPI, which is left at the job's end "
        "by itself. Take the call out of the program."
    )


def start_ranks(command: list[str], number: int) -> Mpi:
    """Start processes from this one, which becomes rank 0 of them and itself.

    Raises:
        RuntimeError: MPI cannot; the message is MPI's.
    """
    from mpi4py import MPI  # noqa: PLC0415  as above

    try:
        link = MPI.COMM_SELF.Spawn(command[0], args=command[1:], maxprocs=number)
    except MPI.Exception as error:
        raise RuntimeError(str(error)) from error
    return Mpi(link)


def join_parent() -> Mpi:
    """Join the process that has started this one."""
    from mpi4py import MPI  # noqa: PLC0415  as above

    return Mpi(MPI.Comm.Get_parent())


def host() -> str:
    """Return the short name of this host, for messages to people."""
    return os.uname().nodename.partition(".")[0]
