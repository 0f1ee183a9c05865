"""What ranks count: and what it proves, that data in a callable travels once to each rank."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Command

from .conftest import PROGRAMS, Job
from .test_programs import PARALLEL, SIZES, assert_ok


@pytest.mark.parametrize("ranks", SIZES)
def test_data_in_a_callable_travels_once_to_each_rank(job: Job, ranks: int) -> None:
    """In a partial, in a bound method; when it has changed, again; all by the statistics."""
    assert_ok(job("counted.py", ranks=ranks), ranks)


@pytest.mark.parametrize("ranks", PARALLEL)
def test_what_is_sent_again_and_again_is_told_once(job: Job, ranks: int) -> None:
    """With what to do instead."""
    ended = job("counted.py", "repeated", ranks=ranks)
    assert (ended.status, ended.stdout) == (0, "ok\n"), ended
    (line,) = ended.stderr.splitlines()
    assert "the same 10.0 MB are sent with call after call of __main__.look" in line
    assert "functools.partial" in line and "shared.setConst" in line


def test_what_differs_in_one_byte_is_not_the_same(job: Job) -> None:
    """Though no sample shows it."""
    assert_ok(job("counted.py", "different", ranks=2), 2)


@pytest.mark.parametrize("ranks", [1, 3])
def test_stats_prints_a_table_at_the_end(
    command: Command, mpi_python: str, tmp_path: Path, ranks: int
) -> None:
    """A line for each rank; with -v a paragraph."""
    launch = (mpi_python, "-m", "scoop_mpi", "-n", str(ranks))
    ended = command(*launch, "--stats", "-v", PROGRAMS / "hundred.py", cwd=tmp_path)
    assert ended.status == 0, ended
    lines = ended.stderr.splitlines()
    (head,) = [number for number, line in enumerate(lines) if line.startswith("rank  calls")]
    table = [line.split() for line in lines[head + 1 : head + 1 + ranks]]
    assert [row[0] for row in table] == [str(rank) for rank in range(ranks)]
    assert sum(int(row[1]) for row in table) == 100
    assert re.fullmatch(rf"scoop_mpi: 100 calls on {ranks} ranks?, which were busy .*\.", lines[-1])


def test_a_rank_that_keeps_the_interpreter_lock_is_left_out(job: Job) -> None:
    """It cannot answer; nobody waits for it for long."""
    ended = job("silent.py", ranks=3)
    assert ended.status == 0, ended
    assert ended.stdout == "1 has no answer\nok\n"
