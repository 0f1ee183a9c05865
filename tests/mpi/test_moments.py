"""Ranks that die while the job starts or ends; aborts: never a hang, and the right code."""

from __future__ import annotations

import pytest

from tests.conftest import is_openmpi_4

from .conftest import Job

CODE = 3
"""That of moments.py, if all goes well."""

LOST = "a rank was lost: rank 1 of 3 on "
ENDS_FOR = "scoop_mpi: the job ends, for "
ENDED_EARLY = "scoop_mpi: the job has ended before its program"


def test_a_rank_dies_while_it_imports_the_program(job: Job, mpi_python: str) -> None:
    """The others go on; elsewhere the job ends, and says why."""
    ended = job("moments.py", "import", ranks=3)
    if ended.status == CODE:
        assert ended.stdout == "right\n", ended
        told = ended.stderr.count(LOST)
        assert ended.stderr.count("scoop_mpi: ") == told, ended
        if is_openmpi_4(mpi_python):  # its mpirun, which ends the job, may be the one who says so
            assert told == 1 or "process rank 1" in ended.stderr or "signal 9" in ended.stderr, (
                ended
            )
        else:
            assert told == 1, ended
    else:
        assert ended.status != 0
        told = ENDED_EARLY in ended.stderr
        assert told or (is_openmpi_4(mpi_python) and f"{ENDS_FOR}{LOST}" in ended.stderr), ended


def test_a_rank_dies_while_the_job_ends(job: Job) -> None:
    """In an exit handler: the program has ended, and so its code and its results stand."""
    ended = job("moments.py", "exit", ranks=3)
    assert (ended.status, ended.stdout) == (CODE, "right\n"), ended
    assert "scoop_mpi: " not in ended.stderr


@pytest.mark.parametrize("where", ["abort", "abort import"])
def test_an_abort_has_its_code_and_its_caller(job: Job, where: str) -> None:
    """From a call, and while a rank imports the program: one line, no talk of ranks that were killed."""
    ended = job("moments.py", where, ranks=3)
    assert ended.status == 7
    (line,) = ended.stderr.splitlines()
    assert line.startswith("scoop_mpi: Rank "), line
    assert line.endswith(" called MPI_Abort(7): the job ends."), line


def test_an_abort_by_an_exit_handler_ends_the_job(job: Job) -> None:
    """Nobody listens any more to who says so; the code is the program's, which has ended."""
    for rank in ("0", "1"):
        ended = job("moments.py", "abort exit", rank, ranks=3)
        assert (ended.status, ended.stdout) == (CODE, "right\n"), ended
