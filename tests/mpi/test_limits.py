"""`futures.with_options(timeout=...)`: calls that take too long are interrupted, and only they."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoop_mpi import futures
from tests.conftest import Command

from .conftest import PROGRAMS, SERIAL, Job


@pytest.mark.parametrize("ranks", [SERIAL, 1, 2, 3])
def test_calls_are_interrupted(job: Job, ranks: int) -> None:
    """Asleep, busy, stubborn, waiting, in the middle of a block; all ranks work on afterwards."""
    ended = job("limits.py", "ways", ranks=ranks)
    assert (ended.status, ended.stdout) == (0, "right\n"), ended.stderr


@pytest.mark.parametrize("ranks", [1, 3])
def test_calls_that_end_just_in_time(job: Job, ranks: int) -> None:
    """They return what they should, or are interrupted; nothing else is, and nothing is lost."""
    ended = job("limits.py", "just", ranks=ranks)
    assert (ended.status, ended.stdout) == (0, "right\n"), ended.stderr


def test_a_call_that_cannot_be_interrupted_costs_its_rank(
    command: Command, mpi_python: str, tmp_path: Path
) -> None:
    """The owner gets the same exception; elsewhere than with ULFM the job ends."""
    start = (mpi_python, "-m", "scoop_mpi", "-n", "3")
    survived = "--with-ft" in command(*start, "--dry-run", __file__, cwd=tmp_path).stdout
    ended = command(*start, PROGRAMS / "limits.py", "lock", cwd=tmp_path)
    if survived:
        assert (ended.status, ended.stdout) == (0, "right\n"), ended.stderr
        assert (
            "a call could not be interrupted when its time was over, in keeps_the_lock"
            in ended.stderr
        )
    else:
        assert ended.status != 0
        assert "keeps_the_lock" in ended.stderr


@pytest.mark.parametrize("options", [{"timeout": 0.0}, {"timeout": -1.0}, {"retries": -1}])
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    """At once."""
    with pytest.raises(ValueError, match="must be"):
        futures.with_options(**options)  # type: ignore[arg-type]  # that is what is tried
