"""What a job leaves on the disk, and what others have left there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Command, is_openmpi_4

_SAY = """\
import os
from scoop_mpi import futures
def die(x):
    os.abort()
if __name__ == "__main__":
    print(os.environ.get("PMIX_SERVER_TMPDIR", "none"), flush=True)
    if os.environ.get("DIES"):
        list(futures.map(die, range(9)))
"""


@pytest.mark.parametrize("dies", ["", "yes"])
def test_nothing_is_left(command: Command, mpi_python: str, tmp_path: Path, dies: str) -> None:
    """And mpirun's files lie where no other job's ever do.

    Open MPI's names them by the number of its process alone. One that was killed leaves them, and
    years later, or 32,768 processes, another that has the same number cannot start: "The PMIx
    server's listener thread failed to start".
    """
    (tmp_path / "say.py").write_text(_SAY)
    place = tmp_path / "tmp"
    place.mkdir()
    launch = (mpi_python, "-m", "scoop_mpi", "-n", "3", "say.py")
    ended = command(*launch, cwd=tmp_path, TMPDIR=str(place), DIES=dies)
    assert (ended.status == 0) == (not dies), ended.stderr
    session = Path(ended.stdout.strip())
    assert str(session) == "none" or place in session.parents
    assert session.parent != place
    assert os.listdir(place) == []


def test_a_temporary_folder_that_is_not_there(
    command: Command, mpi_python: str, tmp_path: Path
) -> None:
    """A batch system may hand on that of another host."""
    (tmp_path / "say.py").write_text(_SAY)
    absent = tmp_path / "absent"
    launch = (mpi_python, "-m", "scoop_mpi", "-n", "3", "say.py")
    ended = command(*launch, cwd=tmp_path, TMPDIR=str(absent))
    assert (ended.status, ended.stderr) == (0, "")
    if is_openmpi_4(mpi_python):  # its mpirun makes the folder, and leaves it
        assert os.listdir(absent) == []
    else:
        assert not absent.exists()
