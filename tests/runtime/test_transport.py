"""A rank that leaves waits for what rank 0 must have, and for nothing that nobody receives any more."""

# ruff: noqa: SLF001  a transport without MPI is made by its parts

from __future__ import annotations

from typing import Any

import pytest

from scoop_mpi._runtime.wire.transport import Mpi


class Request:
    """A send that is done at the so-many-th look; never, if at none."""

    def __init__(self, done_at: int = 0) -> None:
        self.looks = 0
        self.done_at = done_at

    def Test(self) -> bool:  # noqa: N802  MPI's name
        """Look."""
        self.looks += 1
        return self.looks == self.done_at


def transport(*sends: tuple[Request, int]) -> Any:
    """A transport with sends under way, and no MPI."""
    made: Any = Mpi.__new__(Mpi)
    made._sends = [(request, b"", rank) for request, rank in sends]
    made._mute = made._closed = False
    return made


def test_what_goes_to_rank_0_is_waited_for() -> None:
    """A worker's goodbye above all."""
    goodbye, outcome = Request(3), Request(5)
    transport((goodbye, 0), (outcome, 0)).close()
    assert goodbye.looks == 3 and outcome.looks == 5


def test_what_goes_to_a_rank_that_has_left_is_not() -> None:
    """It would never be received: the job would hang (it did, in one run of ten under load)."""
    never = Request()
    transport((never, 2), (Request(2), 0)).close()
    assert never.looks < 5


def test_a_mute_rank_sends_nothing() -> None:
    """When all others are told to leave."""
    made = transport()
    made.mute()
    made.send(1, [b"too late"])  # without MPI it could not
    assert made._sends == []


class Wire:
    """A communicator that hands what is sent on it to who receives."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def Isend(self, data: list[Any], _: int, __: int) -> Request:  # noqa: N802  MPI's name
        """Take the bytes."""
        self.sent.append(bytes(data[0]))
        return Request(1)

    def Irecv(self, data: list[Any], _: int, __: int) -> Request:  # noqa: N802  as above
        """Give the oldest."""
        data[0][:] = self.sent.pop(0)
        return Request(1)


class Constants:
    """What is used of mpi4py's module."""

    BYTE = None
    Exception = ZeroDivisionError


@pytest.mark.parametrize(
    ("sizes", "messages"),
    [([100], 1), ([100, 80_000], 2), ([100, 70_000, 90_000], 3), ([200_000], 2), ([200_000, 1], 3)],
)
def test_a_small_pickle_travels_with_the_header(sizes: list[int], messages: int) -> None:
    """So an array of 80 KB costs two messages of MPI, not three."""
    made = transport()
    made._control, made._bulk, made._mpi, made.failed = Wire(), Wire(), Constants, set()
    frames = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    made.send(1, list(frames))
    assert len(made._sends) == messages
    (first,) = made._control.sent
    got = [first] if messages == 1 else made._receive_frames(1, bytearray(first)).frames
    assert [bytes(frame) for frame in got] == frames


def test_a_pickle_may_hold_what_separates_it_from_the_header() -> None:
    """The first of these ends the header."""
    made = transport()
    made._control, made._bulk, made._mpi, made.failed = Wire(), Wire(), Constants, set()
    made.send(1, [b";1,2;", b"x" * 100_000])
    got = made._receive_frames(1, bytearray(made._control.sent[0])).frames
    assert bytes(got[0]) == b";1,2;" and len(got[1]) == 100_000
