"""A run with a journal: what is there is not run again, whatever ended the run before."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Command, Ended

PROGRAM = Path(__file__).parent / "programs" / "journalled.py"


class Runs:
    """Runs the program again and again on one journal."""

    def __init__(self, command: Command, python: str, folder: Path) -> None:
        self._command = command
        self._python = python
        self.folder = folder
        self.journal = folder / "journal"
        self.marks = folder / "marks"
        self.program = PROGRAM

    def words(self, calls: int, ranks: int, *flags: str) -> list[str]:
        """Return the command line."""
        ours = ["-n", str(ranks), "--journal", str(self.journal), *flags]
        return [self._python, "-m", "scoop_mpi", *ours, str(self.program), str(calls)]

    def environ(self, how: str) -> dict[str, str]:
        """Return what the program is told by its environment."""
        return {"HOW": how, "MARKS": str(self.marks)}

    def run(self, calls: int, how: str = "", ranks: int = 3, *flags: str) -> Ended:
        """Run it."""
        words = self.words(calls, ranks, *flags)
        return self._command(*words, cwd=self.folder, **self.environ(how))

    def ran(self) -> int:
        """Return how many calls have run since this was last asked."""
        lines = self.marks.read_text().count("\n") if self.marks.exists() else 0
        self.marks.unlink(missing_ok=True)
        return lines


@pytest.fixture
def runs(command: Command, mpi_python: str, tmp_path: Path) -> Runs:
    """Run with a new journal."""
    return Runs(command, mpi_python, tmp_path)


@pytest.mark.parametrize("how", ["", "submit"])
def test_only_what_is_new_runs(runs: Runs, how: str) -> None:
    """At any number of ranks."""
    assert runs.run(50, how).stdout == "right\n"
    assert runs.ran() == 50
    for ranks in (3, 1):
        ended = runs.run(50, how, ranks)
        assert (ended.status, ended.stdout) == (0, "right\n")
        assert "50 outcomes came from the journal" in ended.stderr
        assert runs.ran() == 0
    runs.run(60, how)
    assert runs.ran() == 10


def test_nested_calls_are_part_of_the_root_s(runs: Runs) -> None:
    """They are not kept by themselves, and need not run again."""
    runs.run(10, "nested")
    assert runs.ran() == 20
    assert runs.run(10, "nested").stdout == "right\n"
    assert runs.ran() == 0


def test_what_raised_runs_again(runs: Runs) -> None:
    """A failure is no outcome to keep."""
    runs.run(8, "fails")
    assert runs.ran() == 8
    assert runs.run(8, "fails").stdout == "right\n"
    assert runs.ran() == 1


def test_after_a_kill_only_the_rest_runs(runs: Runs) -> None:
    """SIGKILL to the root, in the middle."""
    assert runs.run(400, "kill").status != 0
    before = runs.ran()
    assert 200 < before <= 400
    assert runs.run(400).stdout == "right\n"
    assert runs.ran() <= 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_warning_stops_the_run_and_the_next_goes_on(runs: Runs, number: signal.Signals) -> None:
    """With code 75; nothing that was run is run again."""
    process = subprocess.Popen(
        runs.words(100, 3),
        cwd=runs.folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | runs.environ("slow"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and not runs.marks.exists():
        signal.sigtimedwait([], 0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 75, err
    assert f"stopped by {number.name}" in err
    assert "right" not in out
    before = runs.ran()
    assert 0 < before < 100
    assert runs.run(100).stdout == "right\n"
    after = runs.ran()
    # What ran on the root itself when the signal came has no outcome.
    assert before + after in (100, 101)


def test_calls_that_do_not_fit_are_not_started(runs: Runs) -> None:
    """The job stops in time, by itself."""
    ended = runs.run(1000, "slow", 2, "--time-left", "8")
    assert ended.status == 75, ended.stderr
    assert "s are left and a call may take 0.1" in ended.stderr
    assert 0 < runs.ran() < 1000


def test_a_changed_program_runs_anew(runs: Runs) -> None:
    """Also if what changed is a function that the calls' function uses; not, if it is another."""
    text = PROGRAM.read_text()
    runs.program = runs.folder / "program.py"
    runs.program.write_text(text)
    runs.run(20)
    assert runs.ran() == 20
    runs.program.write_text(text.replace('print("right")', 'print("done")'))
    assert runs.run(20).stdout == "done\n"
    assert runs.ran() == 0
    runs.program.write_text(text.replace("    return x * x\n", "    return x * x + 0 * x\n"))
    assert runs.run(20).stdout == "right\n"
    assert runs.ran() == 20


def test_a_journal_that_cannot_be_used_is_told_once(runs: Runs) -> None:
    """And nothing runs."""
    runs.journal.mkdir(mode=0o700)
    (runs.journal / "journal.sqlite").write_bytes(b"something else\n" * 20)
    (runs.journal / "journal.sqlite").chmod(0o600)
    ended = runs.run(5)
    assert ended.status == 2
    assert ended.stderr.count("is not a journal of scoop_mpi; it is left as it is") == 1
    assert runs.ran() == 0
