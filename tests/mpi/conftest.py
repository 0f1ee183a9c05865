"""Jobs as users start them: every size, every way, each MPI library."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
TIMEOUT_S = 60

SERIAL = 0
"""The size of a run that nobody launched."""


class Ended(NamedTuple):
    """What a run left behind."""

    status: int
    stdout: str
    stderr: str


Job = Callable[..., Ended]


@pytest.fixture
def job(mpi_python: str, tmp_path: Path) -> Job:
    """Run a program of programs/ with so many ranks, in a folder of its own, and return its end.

    `-m name` runs a module of programs/ instead.
    """

    def run(program: str, *arguments: str, ranks: int, stdin: str = "") -> Ended:
        launch = [] if ranks == SERIAL else ["-m", "scoop_mpi", "-n", str(ranks)]
        paths = [str(REPOSITORY), str(PROGRAMS), os.environ.get("PYTHONPATH", "")]
        is_module = program.startswith("-m ")
        command = program.split() if is_module else [str(PROGRAMS / program)]
        process = subprocess.Popen(
            [mpi_python, *launch, *command, *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # A group of its own, so that a run that hangs is ended with all its ranks.
            start_new_session=True,
        )
        try:
            out, err = process.communicate(stdin, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            pytest.fail(f"{program} on {ranks} ranks still ran after {TIMEOUT_S} s:\n{out}\n{err}")
        return Ended(process.returncode, out, err)

    return run
