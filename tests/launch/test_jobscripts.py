"""The job scripts: clean, and each command line in them is one that our parser takes.

Slurm, Grid Engine, PBS and LSF run them in tests/cluster.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from scoop_mpi._launch.cli import parse

REPOSITORY = Path(__file__).parents[2]
JOBSCRIPTS = sorted((REPOSITORY / "jobscripts").glob("*.sh"))
SHELL = [
    *JOBSCRIPTS,
    *(REPOSITORY / "tests" / "cluster" / name for name in ("in_cluster", "ssh", "install")),
    *(REPOSITORY / "tests" / "cluster").glob("*.sh"),
    *(REPOSITORY / ".ci" / name for name in ("run", "others")),
]


@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    """No warning of it, in any script of ours."""
    shellcheck = Path(sys.executable).parent / "shellcheck"
    command = [str(shellcheck), "--severity=warning", str(script)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("script", JOBSCRIPTS, ids=lambda path: path.name)
def test_our_parser_takes_every_line(script: Path) -> None:
    """With a program that is there, where there is one."""
    found = re.findall(r"python -m scoop_mpi ([^.#\n][^#&\n]*)", script.read_text())
    assert found, "it starts nothing"
    for line in found:
        options = parse(shlex.split(line))
        assert options.interactive or (REPOSITORY / str(options.program)).exists(), line


def test_every_scheduler_has_one() -> None:
    """And the usual needs: a warning before the end, an array, a session, a container."""
    assert {script.stem for script in JOBSCRIPTS} == {
        "slurm",
        "sge",
        "pbs",
        "lsf",
        "flux",
        "slurm_signal",
        "slurm_journal",
        "slurm_array",
        "interactive",
        "container",
    }
