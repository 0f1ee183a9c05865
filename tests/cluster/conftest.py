"""Clusters of this machine's own: namespaces stand for hosts, the schedulers are real.

They need root and Debian's packages: `tests/cluster/install hosts slurm sge`. `.ci/run` installs them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command, Ended, may_name_hosts

REPOSITORY = Path(__file__).parents[2]
HERE = Path(__file__).parent
IN_CLUSTER = HERE / "in_cluster"
WHERE = "where.py"
"""Tells where calls were run. By a path without spaces, which Open MPI does not like in agents."""

NEEDS = {"hosts": "ip", "slurm": "slurmctld", "sge": "sge_qmaster"}
LIMIT_S = 100

Cluster = Callable[..., Ended]


def missing(kind: str) -> str:
    """Return why there can be no such cluster here; empty if there can."""
    if os.geteuid() != 0:
        return "only root may make the namespaces that stand for hosts"
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if shutil.which(NEEDS[kind], path=path) is None or shutil.which("unshare") is None:
        return f"needs the packages of `tests/cluster/install {kind}`"
    return ""


@pytest.fixture
def folder(mpi_python: str, tmp_path: Path) -> Path:
    """A folder as the job scripts expect it: with an environment in .venv, and the examples."""
    (tmp_path / ".venv").symlink_to(Path(mpi_python).parent.parent)
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    (tmp_path / "jobscripts").symlink_to(REPOSITORY / "jobscripts")
    (tmp_path / WHERE).symlink_to(HERE / "programs" / "where.py")
    (tmp_path / "ssh").symlink_to(HERE / "ssh")
    return tmp_path


@pytest.fixture
def in_cluster(command: Command, folder: Path) -> Cluster:
    """Run lines of bash on the head of a new cluster, with `python` that of the environment."""

    def run(kind: str, lines: str, *arguments: str, **environ: str) -> Ended:
        if kind != "slurm" and not may_name_hosts(str(folder / ".venv" / "bin" / "python")):
            pytest.skip("Open MPI does not quote the path of its own installation for other hosts")
        path = f"{folder}/.venv/bin:{os.environ['PATH']}:/usr/sbin:/sbin"
        words = [IN_CLUSTER, kind, "bash", "-c", lines, "bash", *arguments]
        return command(*words, cwd=folder, timeout_s=LIMIT_S, **{"PATH": path} | environ)

    return run


def told(ended: Ended) -> dict[str, Any]:
    """Return what programs/where.py told, on the one line of its own."""
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == 1 and ended.status == 0, ended
    found: dict[str, Any] = json.loads(lines[0])
    return found
