"""`--progress` on real jobs: the calls of the root are counted, and the program's output is its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.mpi.conftest import PROGRAMS, Job


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_a_log_gets_a_last_line(
    command: Command, mpi_python: str, job: Job, tmp_path: Path, ranks: int
) -> None:
    """Of the root's calls, not of those that these made; nothing of it without the option."""
    launch = ["-m", "scoop_mpi", "-n", str(ranks)]
    ended = command(mpi_python, *launch, "--progress", PROGRAMS / "seen.py", cwd=tmp_path)
    assert ended.status == 0
    assert ended.stdout == "begins\n440\n"
    assert re.search(r"^scoop_mpi: 2,038 calls ended in 0:\d\d \(", ended.stderr, re.MULTILINE)
    assert job("seen.py", ranks=ranks).stderr == ""


def test_a_failing_program_has_it_too(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """The last line stands beside the traceback, and the exit code is the program's."""
    program = PROGRAMS / "fails_on_worker.py"
    ended = command(mpi_python, "-m", "scoop_mpi", "-n", "2", "--progress", program, cwd=tmp_path)
    assert ended.status != 0
    assert ended.stderr.count("calls ended in") == 1
