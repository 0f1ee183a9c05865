"""Ranks die: the others go on where the MPI library can, and elsewhere the job ends and says why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Command

PROGRAM = Path(__file__).parent / "programs" / "deaths.py"
LINE = r"^scoop_mpi: a rank was lost: rank \d of \d on \S+ \(process \d+\): .+\.$"
CRASHES = {"segv": "it crashed: Segmentation fault in ", "abort": "it crashed: Aborted in may_die"}
ENDS = ["kill", "term", "segv", "abort", "exit 0", "exit 3"]


class Deaths:
    """Runs the program with one of the MPI libraries."""

    def __init__(self, command: Command, python: str, folder: Path) -> None:
        self._command = command
        self._start = (python, "-m", "scoop_mpi")
        self._folder = folder
        plan = command(*self._start, "-n", "2", "--dry-run", PROGRAM, cwd=folder)
        self.survived = "--with-ft" in plan.stdout
        """Whether the library outlives its ranks."""

    def run(self, how: str, code: int = 0, ranks: int = 4, *flags: str) -> tuple[int, str, str]:
        """Return the status and what was printed."""
        mark = self._folder / f"{how} {code}"
        words = (*self._start, "-n", str(ranks), *flags, PROGRAM, how, mark, str(code))
        return self._command(*words, cwd=self._folder)


@pytest.fixture
def deaths(command: Command, mpi_python: str, tmp_path: Path) -> Deaths:
    """Run programs in which ranks die."""
    return Deaths(command, mpi_python, tmp_path)


@pytest.mark.parametrize("code", [0, 5])
@pytest.mark.parametrize("how", ENDS)
def test_a_worker_dies(deaths: Deaths, how: str, code: int) -> None:
    """However it ends: results are right, the code is the program's, and one line tells it.

    Elsewhere the job ends with another code than 0, and with words about it.
    """
    status, out, err = deaths.run(how, code)
    if not deaths.survived:
        assert status != 0
        assert "right" not in out
        ends = ("the job has ended before its program", "the job ends, for a rank was lost: rank ")
        assert any(f"scoop_mpi: {end}" in err for end in ends), err
        assert CRASHES.get(how, "crashed: ").partition("crashed: ")[2].partition(" in ")[0] in err
        return
    assert (status, out) == (code, "right\n"), err
    assert re.fullmatch(LINE, err.rstrip(), re.MULTILINE), err
    assert CRASHES.get(how, "") in err


def test_a_stopped_rank_is_given_up(deaths: Deaths) -> None:
    """After the time that was said: it is ended, and harms nothing."""
    status, out, err = deaths.run("stop", 0, 4, "--lost-after", "1")
    if not deaths.survived:
        assert status != 0
        assert "it was stopped for 1 s" in err
        return
    assert (status, out) == (0, "right\n"), err
    assert "it was stopped for 1 s" in err


def test_a_rank_that_keeps_the_interpreter_lock_is_not_given_up(deaths: Deaths) -> None:
    """It is silent, and computes."""
    assert deaths.run("lock", 0, 3, "--lost-after", "0.5") == (0, "right\n", "")


def test_retries_are_limited(deaths: Deaths) -> None:
    """None are wanted: a lost call is given up at once, and the program ends with its exception."""
    if not deaths.survived:
        assert deaths.run("kill", 0, 4, "--retries", "0")[0] != 0
        return
    status, out, err = deaths.run("kill", 0, 4, "--retries", "0")
    assert (status, out) == (1, "")
    assert "WorkerLost: " in err
    assert "the rank that ran it was lost, the last one rank" in err


@pytest.mark.parametrize("how", ["two", "nested"])
def test_several_ranks_die(deaths: Deaths, how: str) -> None:
    """At once; or one that owns calls of others, and one that runs them."""
    status, out, err = deaths.run(how, 3, 5)
    if deaths.survived:
        assert (status, out) == (3, "right\n"), err
        assert 1 <= err.count("scoop_mpi: a rank was lost: ") <= 2
    else:
        assert status != 0


@pytest.mark.parametrize(("how", "ranks"), [("two", 3), ("exit 3", 2)])
def test_all_workers_die(deaths: Deaths, how: str, ranks: int) -> None:
    """The root does the rest itself."""
    status, out, err = deaths.run(how, 0, ranks)
    if deaths.survived:
        assert (status, out) == (0, "right\n"), err
    else:
        assert status != 0


def test_the_root_dies(deaths: Deaths) -> None:
    """All others end at once, the code is not 0, and somebody says so."""
    status, out, err = deaths.run("root")
    assert status != 0
    assert out == ""
    if deaths.survived:
        assert "the job ends, for its root was lost: rank 0 of 4" in err
    else:
        assert "scoop_mpi: the job has ended before its program" in err
