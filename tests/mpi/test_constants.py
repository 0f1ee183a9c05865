"""Large constants over MPI: one copy a node, private views of it, and nothing left of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Command, Ended

from .conftest import PROGRAMS, SERIAL, Job

SHARED = Path("/dev/shm")  # noqa: S108  where nothing of ours may be left


@pytest.mark.parametrize("ranks", [1, 4])
def test_a_constant_takes_its_memory_once(job: Job, ranks: int) -> None:
    """50 MB that 100 calls on each number of ranks read: 55 MB at most, of all ranks together."""
    ended = job("tables.py", "memory", ranks=ranks)
    share, ok = ended.stdout.split()
    assert ok == "ok" and 0.9 < float(share) <= 1.1, ended


@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
def test_each_rank_has_a_view_of_its_own(job: Job, ranks: int) -> None:
    """Writable and local, of what was set; freed everywhere, and made anew by another."""
    ended = job("tables.py", "views", ranks=ranks)
    assert ended.stdout == f"{[3] * ranks}\nok\n", ended
    assert ended.stderr == ""


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_each_node_has_one_copy(
    command: Command, mpi_python: str, tmp_path: Path, number: int
) -> None:
    """Its ranks share one file, and other nodes have others."""
    launch = (mpi_python, "-m", "scoop_mpi", "-n", "5", PROGRAMS / "tables.py", "nodes")
    ended = command(*launch, cwd=tmp_path, SCOOP_MPI_PRETEND_NODES=str(number))
    assert ended.stderr == "" and ended.stdout.endswith("\nok\n"), ended
    files = json.loads(ended.stdout.splitlines()[0])
    assert all(len(found) == 1 for found in files), files
    nodes = [rank * number // 5 for rank in range(5)]
    places = {(node, *found) for node, found in zip(nodes, files, strict=True)}
    assert len(places) == number == len({found[0] for found in files})


def test_without_shared_memory_each_rank_has_a_copy(job: Job) -> None:
    """Results are right, and one warning tells."""
    ended = job("tables.py", "limited", ranks=3)
    assert ended.stdout == "[[], [], []]\nok\n", ended
    assert ended.stderr.count("scoop_mpi: constants take memory on every rank") == 1
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("number", ["1", "2"])
def test_where_ranks_may_not_look_into_each_other(
    command: Command, mpi_python: str, tmp_path: Path, number: str
) -> None:
    """They say so, and get all as a whole; whoever sends it warns once."""
    launch = (mpi_python, "-m", "scoop_mpi", "-n", "4", PROGRAMS / "tables.py", "unreadable")
    ended = command(*launch, cwd=tmp_path, SCOOP_MPI_PRETEND_NODES=number)
    assert ended.stdout.endswith("\nok\n"), ended
    said = ended.stderr.splitlines()
    assert all("constants take memory on every rank" in line for line in said), ended
    assert 1 <= len(said) <= 4


@pytest.mark.parametrize("number", ["1", "2", "3"])
def test_a_constant_outlives_its_maker_and_its_leader(
    command: Command, mpi_python: str, tmp_path: Path, number: str
) -> None:
    """On one node, and where ranks that pass constants on are among the dead."""
    words = (mpi_python, "-m", "scoop_mpi", "-n", "6")
    program = PROGRAMS / "tables.py"
    survived = "--with-ft" in command(*words, "--dry-run", program, cwd=tmp_path).stdout
    mark = str(tmp_path / "mark")
    ended = command(*words, program, "death", mark, cwd=tmp_path, SCOOP_MPI_PRETEND_NODES=number)
    if survived:
        assert (ended.status, ended.stdout) == (0, "ok\n"), ended
    else:
        assert ended.status != 0


@pytest.mark.parametrize("how", ["well", "raise", "term", "root", "worker"])
def test_nothing_is_left(command: Command, mpi_python: str, tmp_path: Path, how: str) -> None:
    """However the job ends: no file of ours in /dev/shm, nor among the temporary ones."""
    place = tmp_path / "tmp"
    place.mkdir()
    before = set(os.listdir(SHARED))
    launch = (mpi_python, "-m", "scoop_mpi", "-n", "3", PROGRAMS / "tables.py", "end", how)
    ended: Ended = command(*launch, cwd=tmp_path, TMPDIR=str(place))
    assert (ended.stdout == "ok\n") == (ended.status == 0), ended
    if how in ("raise", "term", "root"):
        assert ended.status != 0
    assert os.listdir(place) == []
    left = set(os.listdir(SHARED)) - before
    assert not [name for name in left if "scoop" in name], left


def test_constants_of_a_program_that_nobody_launched(job: Job) -> None:
    """The same on the only rank."""
    ended = job("tables.py", "nodes", ranks=SERIAL)
    assert ended.stdout.endswith("\nok\n"), ended
