"""What SCOOP 0.7.2 got wrong, and is right here: programs written for SCOOP, run unchanged.

Each case fails on SCOOP itself. To see that, name an interpreter that has SCOOP 0.7.2:

    SCOOP_MPI_SCOOP_PYTHON=/path/to/python python -m pytest tests/compat/test_wrongs.py -k scoop
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import REPOSITORY, Command, Ended

PROGRAMS = Path(__file__).parent / "programs" / "wrongs"

SCOOP_PYTHON = os.environ.get("SCOOP_MPI_SCOOP_PYTHON", "")

SCOOP_LIMIT_S = 15
"""Our runs take 5 s at most."""

LIMIT_S = 20
"""For a run of ours to end after a signal, which takes it less than a second."""

HANGS = r"\(still ran\)"

ANYTHING = ""
"""SCOOP says nothing of it, or not always the same."""

EVERY_SIZE = (1, 3)


class Case(NamedTuple):
    """A program with its argument, the right end of it, and what SCOOP 0.7.2 says instead."""

    words: str
    scoop: str
    ranks: tuple[int, ...] = (3,)
    status: int = 0
    out: str = "ok\n"
    err: str = ""

    def ended_well(self, ended: Ended) -> bool:
        """Return whether status, output and, if there should be any, messages are right."""
        right = (ended.status, ended.stdout) == (self.status, self.out)
        return right and re.search(self.err, ended.stderr) is not None


CASES = (
    # The end of a run.
    Case("ends exit_3", r"SystemExit: 3", EVERY_SIZE, status=3, out=""),
    Case("ends exit_0", r"SystemExit: 0", EVERY_SIZE, out=""),
    Case("ends exit_words", r"SystemExit: no", status=1, out="", err=r"^no such luck\n$"),
    Case("ends uncaught", r"LookupError", EVERY_SIZE, 1, "", r"\nLookupError: lost\n$"),
    Case(
        "ends remote_failure",
        r"ZeroDivisionError",
        status=1,
        out="",
        err=r"in ratio\n    return x / y\n(.*\n)*ZeroDivisionError: division by zero\n$",
    ),
    Case("no_such_program", ANYTHING, status=2, out="", err=r"does not exist"),
    # Where and how often calls run.
    Case("once long_call", r"3 calls ran [4-6] times"),
    Case("once spread", r"a call waited behind another one|\(still ran\)"),
    # Functions.
    Case("functions recycled_lambda", r"lambda number \d+: \["),
    Case("functions closure", r"requires a code object with 0 free vars", EVERY_SIZE),
    Case("functions default", r"missing 1 required positional argument: 'k'"),
    Case("functions method", r"frozen: \[0, 1, 2, 3\]", EVERY_SIZE),
    Case("functions method_of_callable", r"no attribute '__code__'"),
    Case("functions class_method", r"no attribute '__code__'"),
    Case("functions toolbox", r"not the same object as scoop.futures.map"),
    Case("functions pickled_calls", r"Can't pickle local object"),
    # Reductions.
    Case("reductions scan", r"wrong prefixes", EVERY_SIZE),
    Case("reductions scan_words", r"wrong prefixes"),
    Case("reductions scan_of_one", r"IndexError"),
    Case("reductions scan_of_none", r"IndexError"),
    Case("reductions scan_of_generator", r"has no len"),
    Case("reductions reduce_of_one", r"IndexError"),
    Case("reductions reduce_of_none", r"IndexError"),
    Case("reductions reduce_of_none_with_initial", r"IndexError"),
    Case("reductions reduce_with_initial", r"AssertionError"),
    Case("reductions reduce_of_generator", r"has no len"),
    # Waiting.
    Case("waiting result_timeout", r"result\(\) took no notice"),
    Case("waiting exception_timeout", r"exception\(\) took no notice"),
    Case("waiting map_timeout", r"map\(\) took no notice"),
    Case("waiting as_completed_timeout", r"as_completed\(\) took no notice"),
    Case("waiting as_completed_failures", r"ValueError: \d is odd", EVERY_SIZE),
    Case("waiting wait_failures", r"ValueError: \d is odd"),
    Case("waiting wait_first_exception", r"ValueError: 1 is odd"),
    Case("waiting wait_none", r"TypeError"),
    Case("waiting duplicates", HANGS),
    Case("waiting exception_waits", r"\[None, None, None\]", EVERY_SIZE),
    Case("waiting cancel", r"cancelled, and not done", EVERY_SIZE),
    Case("waiting cancel_callback", r"did not call back", EVERY_SIZE),
    Case("waiting callback_failure", ANYTHING, err=r"KeyError: 'lost by a callback'\n$"),
    Case("waiting polled", r"never done", (1,)),
    Case("waiting equality", r"no attribute 'id'"),
    Case("waiting many_as_completed", HANGS),
    Case("waiting many_map_as_completed", HANGS),
    # Arguments and outcomes.
    Case("values own_arguments", r"changed: \[", EVERY_SIZE),
    Case("values unpicklable_result", ANYTHING, EVERY_SIZE),
    Case("values exception_of_two", r"__init__\(\) missing 1 required", EVERY_SIZE),
    # Constants.
    Case("constants own_class", r"no attribute '__code__'"),
    Case("constants builtin", r"no attribute '__code__'"),
    Case("constants partial", r"no attribute '__code__'"),
    Case("constants instance", r"no attribute '__code__'"),
    Case("constants closure", r"requires a code object with 0 free vars"),
    Case("constants own_name", r"Can't pickle local object", EVERY_SIZE),
    Case("constants many", HANGS),
)


def words(python: str, module: str, ranks: int, program: str) -> list[str]:
    """Return the command that runs a program of programs/wrongs/, with its argument."""
    name, *arguments = program.split()
    return [python, "-m", module, "-n", str(ranks), str(PROGRAMS / f"{name}.py"), *arguments]


@pytest.mark.parametrize(
    ("case", "ranks"),
    [
        pytest.param(case, ranks, id=f"{case.words}-{ranks}")
        for case in CASES
        for ranks in case.ranks
    ],
)
def test_it_is_right_here(
    command: Command, mpi_python: str, tmp_path: Path, case: Case, ranks: int
) -> None:
    """Status, output, and no message but those that are due."""
    ended = command(*words(mpi_python, "scoop_mpi", ranks, case.words), cwd=tmp_path)
    assert case.ended_well(ended), ended
    assert case.err or ended.stderr == ""


# --- signals ---------------------------------------------------------------------------------


@contextlib.contextmanager
def started(*command: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a group of its own, which ends with the block; `stderr` is a file."""
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    with (cwd / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
    with process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):  # nothing is left of the group
                os.killpg(process.pid, signal.SIGKILL)


class Stopped(NamedTuple):
    """What a signal made of a run: its status, None if it ran on, and how many ranks did."""

    status: int | None
    left: int
    stderr: str


def stop(command: list[str], cwd: Path, send: Callable[[int], None], limit_s: float) -> Stopped:
    """Start a run that does not end, send it a signal once its calls run, and see what is left."""
    with started(*command, cwd=cwd) as process, contextlib.ExitStack() as stack:
        assert process.stdout is not None
        said, *pids = process.stdout.readline().split()
        assert (said, len(pids)) == ("stuck", 3)
        ranks = [os.pidfd_open(int(pid)) for pid in pids]
        for rank in ranks:
            stack.callback(os.close, rank)
        send(process.pid)
        deadline = time.monotonic() + limit_s
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(limit_s)
        status = process.returncode
        # A descriptor of a process can be read when the process has ended.
        left = set(ranks)
        while left:
            ended, _, _ = select.select(left, [], [], max(0, deadline - time.monotonic()))
            if not ended:
                break
            left -= set(ended)
        for rank in left:
            signal.pidfd_send_signal(rank, signal.SIGKILL)
    return Stopped(status, len(left), (cwd / "stderr").read_text())


def press_ctrl_c(launcher: int) -> None:
    """Do as a terminal does: to the whole group that is in front."""
    os.killpg(launcher, signal.SIGINT)


def terminate(launcher: int) -> None:
    """Do as batch systems do."""
    os.kill(launcher, signal.SIGTERM)


@pytest.mark.parametrize("root", ["sleeps", "waits", "helps"])
def test_ctrl_c_ends_it_as_python(mpi_python: str, tmp_path: Path, root: str) -> None:
    """Status 130, and nothing runs on; whether the root waits, or runs a call meanwhile."""
    command = words(mpi_python, "scoop_mpi", 3, f"ends stuck {root}")
    stopped = stop(command, tmp_path, press_ctrl_c, LIMIT_S)
    assert (stopped.status, stopped.left) == (130, 0), stopped
    assert stopped.stderr.count("KeyboardInterrupt") == 1, stopped


def test_no_rank_outlives_its_launcher(mpi_python: str, tmp_path: Path) -> None:
    """When a batch system ends the launcher."""
    command = words(mpi_python, "scoop_mpi", 3, "ends stuck sleeps")
    stopped = stop(command, tmp_path, terminate, LIMIT_S)
    assert stopped.status != 0
    assert stopped.left == 0, stopped


def terminate_twice(launcher: int) -> None:
    """As somebody who sees that once is not enough."""
    terminate(launcher)
    while os.path.exists(f"/proc/{launcher}/stat"):
        if Path(f"/proc/{launcher}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        terminate(launcher)


def test_ranks_that_ignore_a_signal_end_at_the_second(mpi_python: str, tmp_path: Path) -> None:
    """Where mpirun hands SIGTERM on to a program that does not care, or is stuck itself."""
    command = words(mpi_python, "scoop_mpi", 3, "ends stuck ignores")
    stopped = stop(command, tmp_path, terminate_twice, LIMIT_S)
    assert stopped.status != 0
    assert stopped.left == 0, stopped
    assert "Traceback" not in stopped.stderr, stopped


# --- the same on SCOOP -----------------------------------------------------------------------

if SCOOP_PYTHON:

    def run_on_scoop(program: str, ranks: int, cwd: Path) -> Ended:
        """Run it to its end, or until it takes too long."""
        command = words(SCOOP_PYTHON, "scoop", ranks, program)
        with started(*command, cwd=cwd) as process:
            try:
                out, _ = process.communicate(timeout=SCOOP_LIMIT_S)
                status, end = process.returncode, ""
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, _ = process.communicate()
                status, end = -1, "(still ran)"
        return Ended(status, out, (cwd / "stderr").read_text(errors="replace") + end)

    def test_a_right_program_runs_on_scoop(tmp_path: Path) -> None:
        """So that those which fail there do so by SCOOP's fault."""
        assert (run_on_scoop("right", 3, tmp_path)[:2]) == (0, "ok\n")

    @pytest.mark.parametrize("case", [pytest.param(case, id=case.words) for case in CASES])
    def test_scoop_gets_it_wrong(tmp_path: Path, case: Case) -> None:
        """In the very way that is said above."""
        ended = run_on_scoop(case.words, max(case.ranks), tmp_path)
        assert not case.ended_well(ended), ended
        assert re.search(case.scoop, ended.stdout + ended.stderr), ended

    def test_scoop_loses_the_status_of_ctrl_c(tmp_path: Path) -> None:
        """It says that all is well."""
        command = words(SCOOP_PYTHON, "scoop", 3, "ends stuck sleeps")
        assert stop(command, tmp_path, press_ctrl_c, 5).status == 0

    def test_scoop_leaves_orphans(tmp_path: Path) -> None:
        """They run on when the launcher has ended."""
        command = words(SCOOP_PYTHON, "scoop", 3, "ends stuck sleeps")
        assert stop(command, tmp_path, terminate, 5).left == 3
