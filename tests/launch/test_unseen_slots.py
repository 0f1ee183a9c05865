"""An mpirun that does not see its scheduler is noticed, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoop_mpi._launch.hearing import VARIABLE
from scoop_mpi._launch.place import Place
from scoop_mpi._launch.unseen_slots import warning

ALL_HERE = Place(0, 2, 0, 2)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A job of Grid Engine: six slots on two hosts."""
    (tmp_path / "hosts").write_text("node1 4 all.q UNDEFINED\nnode2 2 all.q UNDEFINED\n")
    return {"JOB_ID": "7", "PE_HOSTFILE": str(tmp_path / "hosts")}


def test_ranks_on_the_first_host_only(environ: dict[str, str]) -> None:
    """What the job has, what was started, and what to do."""
    said = warning(environ, ALL_HERE)
    assert "6 slots on 2 hosts" in said and "2 ranks" in said and "python -m scoop_mpi" in said


@pytest.mark.parametrize(
    "place",
    [Place(0, 6, 0, 6), Place(0, 2, 0, 1), Place(0, None), Place(0, 2)],
    ids=["all slots", "several hosts", "nothing known", "nothing known of this host"],
)
def test_all_is_well(environ: dict[str, str], place: Place) -> None:
    """Then nothing is said."""
    assert warning(environ, place) == ""


def test_our_own_launcher_saw_it(environ: dict[str, str]) -> None:
    """And `-n` was the user's decision."""
    assert warning(environ | {VARIABLE: "host:path"}, ALL_HERE) == ""


def test_without_a_scheduler_or_its_file() -> None:
    """Nothing is said either; Slurm's variables are the daemon's here."""
    assert warning({}, ALL_HERE) == ""
    assert warning({"PE_HOSTFILE": "/gone"}, ALL_HERE) == ""
    slurm = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-2]", "SLURM_TASKS_PER_NODE": "9(x2)"}
    assert warning(slurm, ALL_HERE) == ""
