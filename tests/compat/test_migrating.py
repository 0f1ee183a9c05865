"""The programs of docs/migrating.md run, and print what the page shows.

Each section of the page has the program of another library, the same for scoop_mpi, and what both
of them print. Those of schwimmbad and Dask are only compiled: no test depends on these libraries.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from scoop_mpi._launch.mpirun import find_mpirun
from tests.conftest import REPOSITORY, Command

SERIAL = 0
"""The size of a run that nobody launched."""


class Pair(NamedTuple):
    """One program, written for another library and for scoop_mpi."""

    before: str
    after: str
    output: str


def pairs() -> dict[str, Pair]:
    """Return the programs of the page by the name of the library, which is the section's title."""
    page = (REPOSITORY / "docs" / "migrating.md").read_text()
    found = {}
    for section in page.split("\n## ")[1:]:
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
        programs = [text for language, text in blocks if language == "python"]
        outputs = [text for language, text in blocks if language == "text"]
        if programs:
            (before, after), (output,) = programs, outputs
            found[section.partition("\n")[0]] = Pair(before, after, output)
    return found


PAIRS = pairs()

BY_PYTHON = ("multiprocessing.Pool", "concurrent.futures.ProcessPoolExecutor", "joblib")
NEVER_RUN = ("schwimmbad", "Dask: futures", "Dask: delayed")


def test_no_program_of_the_page_is_left_out() -> None:
    """Each section is one that a test below runs, or says why not."""
    assert {*BY_PYTHON, *NEVER_RUN, "SCOOP", "mpi4py.futures"} == set(PAIRS)


@pytest.mark.parametrize("ranks", [SERIAL, 1, 3])
@pytest.mark.parametrize("name", PAIRS)
def test_what_the_page_says_to_write(
    command: Command, mpi_python: str, tmp_path: Path, name: str, ranks: int
) -> None:
    """It prints what stands under it, with any number of ranks and without a launcher."""
    (tmp_path / "after.py").write_text(PAIRS[name].after)
    launch = [] if ranks == SERIAL else ["-m", "scoop_mpi", "-n", str(ranks)]
    ended = command(mpi_python, *launch, "after.py", cwd=tmp_path)
    assert (ended.status, ended.stdout) == (0, PAIRS[name].output), ended.stderr
    told = "RuntimeWarning: This program was not started by scoop_mpi"
    assert ended.stderr.count(told) == (ranks == SERIAL)


@pytest.mark.parametrize("ranks", [1, 3])
def test_scoop_s_program_runs_unchanged(
    command: Command, mpi_python: str, tmp_path: Path, ranks: int
) -> None:
    """Its `import scoop` finds ours."""
    (tmp_path / "before.py").write_text(PAIRS["SCOOP"].before)
    launch = ["-m", "scoop_mpi", "-n", str(ranks)]
    ended = command(mpi_python, *launch, "before.py", cwd=tmp_path)
    assert (ended.status, ended.stdout) == (0, PAIRS["SCOOP"].output), ended.stderr


def test_scoop_s_program_differs_by_its_import_only() -> None:
    """As the page says."""
    before, after, _ = PAIRS["SCOOP"]
    assert before.replace("from scoop ", "from scoop_mpi ") == after


@pytest.mark.parametrize("name", BY_PYTHON)
def test_what_it_was_before(command: Command, tmp_path: Path, name: str) -> None:
    """The other library's program prints the same."""
    (tmp_path / "before.py").write_text(PAIRS[name].before)
    ended = command(sys.executable, "before.py", cwd=tmp_path)
    assert (ended.status, ended.stdout) == (0, PAIRS[name].output), ended.stderr


def test_what_it_was_before_with_mpi4py(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """Under the mpirun that the page's command line means."""
    (tmp_path / "before.py").write_text(PAIRS["mpi4py.futures"].before)
    mpirun = find_mpirun("auto", mpi_python, os.environ)
    assert mpirun is not None
    flags = []
    if mpirun.family == "openmpi":
        flags = ["--oversubscribe"] + ["--allow-run-as-root"] * (os.geteuid() == 0)
    run = [mpirun.path, "-n", "3", *flags, mpi_python, "-m", "mpi4py.futures", "before.py"]
    home = os.path.expanduser("~")  # Open MPI does not start without one
    ended = command(*run, cwd=tmp_path, HOME=home)
    assert (ended.status, ended.stdout) == (0, PAIRS["mpi4py.futures"].output), ended.stderr


@pytest.mark.parametrize("name", NEVER_RUN)
def test_what_is_only_compiled(name: str) -> None:
    """No test depends on schwimmbad and Dask: at least it is Python."""
    compile(PAIRS[name].before, name, "exec")
