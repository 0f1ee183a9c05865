"""What every test may use.

pytest itself never imports MPI: mpirun, started from a process that holds MPI, fails. Tests start
`python -m scoop_mpi` as a user does, with each interpreter that `mpi_python` gives.

Property tests draw the same examples each time, so that a failure is the change's that meets it.
New ones: SCOOP_MPI_NEW_EXAMPLES=1 python -m pytest tests/kernel
"""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pytest

REPOSITORY = Path(__file__).parents[1]

hypothesis.settings.register_profile("same", derandomize=True)
if os.environ.get("SCOOP_MPI_NEW_EXAMPLES") != "1":
    hypothesis.settings.load_profile("same")

OTHER = os.environ.get("SCOOP_MPI_OTHER_PYTHON", "")
"""The interpreter of a second environment, which has the other MPI library."""

PYTHONS = {"this": sys.executable} | ({"other": str(Path(OTHER).absolute())} if OTHER else {})


@pytest.fixture(scope="session", params=PYTHONS)
def mpi_python(request: pytest.FixtureRequest) -> str:
    """The path of an interpreter to start programs with: one for each MPI library at hand."""
    python = PYTHONS[request.param]
    assert Path(python).exists(), f"SCOOP_MPI_OTHER_PYTHON names {python}, which does not exist"
    return python


OF_PROCESSES = {"cluster", "compat", "launch", "mpi"}
"""Folders of tests that start jobs: each is dozens of processes of mpirun, schedulers and the program."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With SCOOP_MPI_SECOND_CHANCE=1, run a test that starts jobs once more if it has failed.

    For machines on which nobody looks: some 1 in 1,000 starts fails in what is not ours, on a busy machine
    more (MPI_Init of MPICH: "UCX ERROR failed to unpack address", pmodels/mpich issue 7417). The summary
    lists what was run again. What starts no jobs has no second chance.
    """
    if os.environ.get("SCOOP_MPI_SECOND_CHANCE") != "1":
        return
    if not config.pluginmanager.hasplugin("rerunfailures"):
        raise pytest.UsageError("SCOOP_MPI_SECOND_CHANCE needs pytest-rerunfailures")
    for item in items:
        if OF_PROCESSES & set(item.path.relative_to(REPOSITORY).parts):
            item.add_marker(pytest.mark.flaky(reruns=1))


@functools.cache
def is_openmpi_4(python: str) -> bool:
    """Return whether this interpreter's MPI is Open MPI before 5: Debian's, whose mpirun differs in words."""
    code = "import mpi4py; mpi4py.rc.initialize = False; from mpi4py import MPI"
    code += "; print(MPI.Get_library_version())"
    said = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return said.stdout.startswith("Open MPI v4")


def may_name_hosts(python: str) -> bool:
    """Return whether its Open MPI, if that is installed with it, can start ranks on other hosts.

    It does not quote the path of its own installation.
    """
    prted = Path(python).with_name("prted").resolve()
    return not (prted.exists() and " " in str(prted))


@pytest.fixture(autouse=True)
def _own_temporary_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test a folder for temporary files, and remove it.

    An mpirun that a test kills leaves files, by which a later one cannot start if it happens to get
    the same process number (see tests/launch/test_leftovers.py).
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield


class Ended(NamedTuple):
    """What a run left behind."""

    status: int
    stdout: str
    stderr: str


Command = Callable[..., Ended]


@pytest.fixture(scope="session")
def command() -> Command:
    """Run a command to its end, scoop_mpi on its path; one that takes too long fails the test.

    `command(*words, cwd=folder, stdin="", timeout_s=60, **environ)`
    """

    def run(
        *words: str | Path, cwd: Path, stdin: str = "", timeout_s: float = 60, **environ: str
    ) -> Ended:
        paths = [environ.pop("PYTHONPATH", ""), str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
        process = subprocess.Popen(
            [str(word) for word in words],
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # A group of its own, so that a run that hangs is ended with all its ranks.
            start_new_session=True,
        )
        try:
            out, err = process.communicate(stdin, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            said = " ".join(map(str, words))
            pytest.fail(f"{said} still ran after {timeout_s} s:\n{out}\n{err}")
        return Ended(process.returncode, out, err)

    return run
