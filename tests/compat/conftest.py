"""Programs written for SCOOP, started by scoop_mpi instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command, Ended

PROGRAMS = Path(__file__).parent / "programs"

Scoop = Callable[..., Ended]


@pytest.fixture
def scoop(command: Command, mpi_python: str, tmp_path: Path) -> Scoop:
    """Run a program of programs/ where `-m scoop` was written, in a folder of its own."""

    def run(program: str, *arguments: str, ranks: int, options: tuple[str, ...] = ()) -> Ended:
        launch = ["-m", "scoop_mpi", "-n", str(ranks), *options]
        return command(mpi_python, *launch, PROGRAMS / program, *arguments, cwd=tmp_path)

    return run
