"""Options of calls: random numbers that do not depend on ranks, priorities; what a rank makes once."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoop_mpi import futures
from scoop_mpi._runtime.seeds import checked
from tests.conftest import Command

from .conftest import PROGRAMS, SERIAL, Job
from .test_programs import SIZES, assert_ok


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    """Keep what the first run printed."""
    return {}


@pytest.mark.parametrize("ranks", [SERIAL, *SIZES])
def test_random_numbers_are_the_same_at_any_size(
    job: Job, ranks: int, drawn: dict[str, str]
) -> None:
    """To the last bit: mapped, submitted, nested, reduced, timed; and no two are the same."""
    ended = job("seeded.py", ranks=ranks)
    assert_ok(ended, ranks)
    assert ended.stdout == drawn.setdefault("drawn", ended.stdout)


def test_a_stream_is_numpy_s_own_for_its_path(job: Job) -> None:
    """Which map, which call of it: the spawn key, as the page says."""
    import numpy as np  # noqa: PLC0415  the program under test draws, this one tells what

    first = job("seeded.py", ranks=2).stdout.split()[5]
    sequence = np.random.SeedSequence(7, spawn_key=(0, 5))
    assert float.fromhex(first) == 5 + np.random.default_rng(sequence).random()


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_what_is_made_once_per_rank(job: Job, ranks: int) -> None:
    """By name, by value, and mapped itself."""
    assert_ok(job("once.py", ranks=ranks), ranks)


@pytest.mark.parametrize("seed", [-1, 1.5, "x", None])
def test_a_seed_is_a_whole_number(seed: object) -> None:
    """Anything else is refused at once."""
    with pytest.raises(ValueError, match="a seed is a whole number"):
        checked(seed)  # type: ignore[arg-type]  # that is what is tried
    if seed is not None:
        with pytest.raises(ValueError, match="a seed is a whole number"):
            futures.with_options(seed=seed)  # type: ignore[arg-type]  # as above


def test_urgent_calls_are_lent_first(job: Job) -> None:
    """The only worker runs them before the calls that were made before them."""
    assert_ok(job("priorities.py", ranks=2), 2)


def test_a_call_that_runs_again_draws_the_same(
    command: Command, mpi_python: str, tmp_path: Path
) -> None:
    """After the loss of its rank, where the job outlives that."""
    program, start = PROGRAMS / "seeded_deaths.py", (mpi_python, "-m", "scoop_mpi", "-n")
    alone = command(*start, "1", program, tmp_path / "mark", cwd=tmp_path)
    plan = command(*start, "3", "--dry-run", program, cwd=tmp_path)
    ended = command(*start, "3", program, tmp_path / "mark", cwd=tmp_path)
    assert (tmp_path / "mark").exists()
    if "--with-ft" in plan.stdout:
        assert ended.stdout == alone.stdout, ended.stderr
        assert "a rank was lost" in ended.stderr
    else:
        assert ended.status != 0
