"""Jobs as users start them: every size, every way, each MPI library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command, Ended

PROGRAMS = Path(__file__).parent / "programs"

SERIAL = 0
"""The size of a run that nobody launched."""

Job = Callable[..., Ended]


@pytest.fixture
def job(command: Command, mpi_python: str, tmp_path: Path) -> Job:
    """Run a program of programs/ with so many ranks, in a folder of its own, and return its end.

    `-m name` runs a module of programs/ instead.
    """

    def run(program: str, *arguments: str, ranks: int, stdin: str = "") -> Ended:
        launch = [] if ranks == SERIAL else ["-m", "scoop_mpi", "-n", str(ranks)]
        is_module = program.startswith("-m ")
        words = program.split() if is_module else [PROGRAMS / program]
        return command(
            mpi_python,
            *launch,
            *words,
            *arguments,
            cwd=tmp_path,
            stdin=stdin,
            PYTHONPATH=str(PROGRAMS),
        )

    return run
