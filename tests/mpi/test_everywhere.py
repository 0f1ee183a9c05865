"""Calls on every rank, and initializers, as programs use them."""

from __future__ import annotations

import pytest

from .conftest import Job
from .test_losses import Deaths, deaths  # noqa: F401  a fixture
from .test_programs import PARALLEL, SIZES, assert_ok


@pytest.mark.parametrize("ranks", SIZES)
def test_calls_on_every_rank(job: Job, ranks: int) -> None:
    """In order of the ranks, on main threads; initializers before what is submitted later."""
    ended = job("everywhere.py", ranks=ranks)
    if ranks > 1:
        assert f"raised: I am {ranks - 1}; " in ended.stdout, ended
        assert f"### Rank {ranks - 1} of {ranks} on " in ended.stdout
    assert "raised: no four here; None" in ended.stdout, ended
    assert_ok(ended, ranks)


@pytest.mark.parametrize("ranks", PARALLEL)
def test_an_initializer_that_fails_ends_the_job_with_one_message(job: Job, ranks: int) -> None:
    """Which names the rank and the host; no call has run there."""
    ended = job("everywhere.py", "fails", ranks=ranks)
    assert ended.status == 1, ended
    assert ended.stderr.count("LookupError: no table here") == 1, ended
    assert "scoop_mpi: the initializer prepare failed on Rank " in ended.stderr


def test_a_lost_rank_gives_worker_lost_in_its_place(
    deaths: Deaths,  # noqa: F811  the fixture
    job: Job,
) -> None:
    """When it dies in the call, and when it was dead before."""
    ended = job("everywhere.py", "dies", ranks=4)
    if not deaths.survived:
        assert ended.status != 0
        return
    assert ended.status == 0, ended
    first, second = ended.stdout.splitlines()
    assert "the rank that ran it was lost" in first
    assert second.endswith("dies_on: rank 3 was lost before.")
