"""A rank that leaves waits for what rank 0 must have, and for nothing that nobody receives any more."""

# ruff: noqa: SLF001  a transport without MPI is made by its parts

from __future__ import annotations

from typing import Any

from scoop_mpi._runtime.transport import Mpi


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
