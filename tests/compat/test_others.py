"""Programs of other people, written for SCOOP, do on several ranks what they do serially.

They need an environment of their own, which `.ci/others FOLDER` makes and SCOOP_MPI_OTHERS names.
DEAP's examples run as they are published, but for a line that has its toolbox map by SCOOP, a seed
where there is none, and fewer generations.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Command

from .conftest import PROGRAMS

OTHERS = Path(os.environ.get("SCOOP_MPI_OTHERS", ""))
PYTHON = OTHERS.absolute() / "bin" / "python"

pytestmark = [
    pytest.mark.skipif(Path() == OTHERS, reason="needs the environment that .ci/others makes"),
    pytest.mark.timeout(300),
]

QUIET = ("-W", "ignore")
"""What these packages say of their own Python and numpy is not our concern."""

TOOLBOX = "toolbox = base.Toolbox()\n"
BY_SCOOP = TOOLBOX + 'from scoop import futures\ntoolbox.register("map", futures.map)\n'

EXAMPLES = {
    "ga/onemax_short": {},
    "ga/nsga2": {"def main(seed=None)": "def main(seed=64)"},
    "gp/symbreg": {},
    "es/cma_minfct": {"ngen=250": "ngen=20"},
}


@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("example", EXAMPLES)
def test_deap_logs_what_it_logs_serially(
    command: Command, tmp_path: Path, example: str, ranks: int
) -> None:
    """To the byte: the same individuals, evaluated elsewhere."""
    source = (OTHERS / "examples" / f"{example}.py").read_text()
    for old, new in EXAMPLES[example].items():
        assert old in source
        source = source.replace(old, new)
    assert TOOLBOX in source
    (tmp_path / "serial.py").write_text(source)
    (tmp_path / "parallel.py").write_text(source.replace(TOOLBOX, BY_SCOOP, 1))
    serial = command(PYTHON, *QUIET, "serial.py", cwd=tmp_path)
    launch = ["-m", "scoop_mpi", "-n", str(ranks)]
    parallel = command(PYTHON, *QUIET, *launch, "parallel.py", cwd=tmp_path)
    assert parallel.status == 0, parallel.stderr
    assert parallel.stdout == serial.stdout


@pytest.mark.parametrize("ranks", [2, 3])
def test_deap_islands_run_as_they_are(command: Command, tmp_path: Path, ranks: int) -> None:
    """Its own example for SCOOP, which SCOOP itself cannot run (DEAP's issue 220)."""
    islands = OTHERS.absolute() / "examples" / "ga" / "onemax_island_scoop.py"
    ended = command(PYTHON, *QUIET, "-m", "scoop_mpi", "-n", str(ranks), islands, cwd=tmp_path)
    assert (ended.status, ended.stderr) == (0, "")


@pytest.mark.parametrize("how", ["frozen", "whole"])
@pytest.mark.parametrize("ranks", [1, 3])
def test_pypet_explores(command: Command, tmp_path: Path, ranks: int, how: str) -> None:
    """With frozen input, which is a constant that is set anew for each exploration, or without."""
    launch = ["-m", "scoop_mpi", "-n", str(ranks)]
    ended = command(PYTHON, *QUIET, *launch, PROGRAMS / "with_pypet.py", how, cwd=tmp_path)
    assert ended.status == 0, ended.stderr
    products = [4.0, 5.0, 8.0, 10.0, 12.0, 15.0, 42.0, 48.0]
    assert ended.stdout.splitlines()[-1] == str(products)


@pytest.mark.parametrize("ranks", [1, 3])
def test_qdpy_illuminates(command: Command, tmp_path: Path, ranks: int) -> None:
    """By its own executor for SCOOP."""
    launch = ["-m", "scoop_mpi", "-n", str(ranks)]
    ended = command(PYTHON, *QUIET, *launch, PROGRAMS / "with_qdpy.py", cwd=tmp_path)
    assert ended.stdout.splitlines()[-1:] == ["ScoopExecutor 300 True"], ended.stderr
