"""The programs in the user's own description of what scoop_mpi does, completed, do what it says.

They stand in programs/user_text/, written as in that text (`scoop` read as `scoop_mpi`), and run
serially and with 1, 2, 3 and 5 ranks under each MPI library. Judged are the root's output and the
exit status; and that nothing else is said.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs" / "user_text"
TIMEOUT_S = 60

SERIAL = 0
EVERY_SIZE = [SERIAL, 1, 2, 3, 5]
PARALLEL = [2, 3, 5]

pytestmark = pytest.mark.timeout(2 * TIMEOUT_S)


class Ended(NamedTuple):
    """What a run left behind."""

    status: int
    stdout: str
    stderr: str


def run(python: str, ranks: int, program: str, *arguments: str) -> Ended:
    """Run a program of the user's text with so many ranks, or serially."""
    launch = [] if ranks == SERIAL else ["-m", "scoop_mpi", "-n", str(ranks)]
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    }
    process = subprocess.Popen(
        [python, *launch, str(PROGRAMS / f"{program}.py"), *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A group of its own, so that a run that hangs is ended together with all its ranks.
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        pytest.fail(f"{program} at n = {ranks} still ran after {TIMEOUT_S} s:\n{stdout}\n{stderr}")
    return Ended(process.returncode, stdout, stderr)


def assert_quiet(ended: Ended, ranks: int) -> None:
    """Nothing on standard error, but for the one warning of a program that nobody launched."""
    if ranks == SERIAL and ended.stderr:
        assert ended.stderr.count("Warning") == 1, ended.stderr
        assert "serially" in ended.stderr
    else:
        assert ended.stderr == ""


PRINTED = {
    "map_abs": "equal\n",
    "map_as_completed": "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\n",
    "submit": "[512, 256, 128, 64, 32, 16, 8, 4, 2, 1]\nTrue\n",
    "map_reduce_sum": "equal\n",
    "map_reduce_letters": "abcd\n",
    "shared_constant": "[5, 6, 7, 8, 9, 10, 11, 12, 13, 14]\n",
    "local_functions": "[1, 2, 3, 4, 5] [1, 2, 3, 4, 5]\n",
    "mutable_arguments": "[[0], [1], [2], [3]]\n[4]\n[]\n",
    "large_data_sent": f"{[sum(range(x, x + 1000)) for x in range(0, 8001, 1000)]}\n",
    "large_data_global": f"{[sum(range(x, x + 1000)) for x in range(0, 8001, 1000)]}\n",
    "own_greenlets": "[0, 1, 4]\n[0, 0, 1, 5, 14, 30]\n",
    "module_name": "as described\n",
}
"""Program -> what it prints, at every number of ranks."""


@pytest.mark.parametrize("ranks", EVERY_SIZE)
@pytest.mark.parametrize("program", PRINTED)
def test_prints_what_the_text_says(program: str, ranks: int, mpi_python: str) -> None:
    """The same output at every number of ranks, status 0, and no noise."""
    ended = run(mpi_python, ranks, program)
    assert (ended.stdout, ended.status) == (PRINTED[program], 0), ended.stderr
    assert_quiet(ended, ranks)


@pytest.mark.parametrize("ranks", EVERY_SIZE)
def test_arguments_are_the_programs_own(ranks: int, mpi_python: str) -> None:
    """Arguments arrive as they were given, those that look like the launcher's included."""
    given = ["-n", "7", "--hostfile", "a b", "'\"$HOME*", ""]
    ended = run(mpi_python, ranks, "arguments", *given)
    assert (ended.stdout, ended.status) == (f"{given}\n", 0), ended.stderr
    assert_quiet(ended, ranks)


@pytest.mark.parametrize("ranks", EVERY_SIZE)
def test_constant_is_set_only_once(ranks: int, mpi_python: str) -> None:
    """The second definition is refused, and the first one stays."""
    ended = run(mpi_python, ranks, "shared_constant_twice")
    assert ended.status == 0, ended.stderr
    refused, value = ended.stdout.splitlines()
    assert refused.startswith("TypeError: This constant already exists: myValue.")
    assert value == "5"


@pytest.mark.parametrize("ranks", EVERY_SIZE)
def test_logger_tells_time_and_module(ranks: int, mpi_python: str) -> None:
    """One line, with the time and the module beside the message."""
    ended = run(mpi_python, ranks, "logger_warning")
    assert ended.status == 0
    # Python itself may remark, quoting the line of the program, that `warn` is an old name.
    (line,) = [line for line in ended.stderr.splitlines() if "WARNING" in line]
    assert line.endswith("This is a warning!")
    assert re.search(r"\d\d:\d\d:\d\d", line)
    assert "logger_warning" in line


@pytest.mark.parametrize("ranks", [1, *PARALLEL])
def test_logger_tells_the_worker(ranks: int, mpi_python: str) -> None:
    """Each message of each worker appears once, in a line of its own that names the worker."""
    ended = run(mpi_python, ranks, "logger_in_task")
    assert ended.status == 0
    lines = ended.stderr.splitlines()
    assert len(lines) == 4
    for number in range(4):
        (line,) = [line for line in lines if f"This is warning {number} of a worker!" in line]
        assert re.search(r"\d\d:\d\d:\d\d", line)
        assert "logger_in_task" in line
        assert re.search(r"rank \d", line)


@pytest.mark.parametrize("ranks", EVERY_SIZE)
def test_unpicklable_element_is_named(ranks: int, mpi_python: str) -> None:
    """The error stands where the call was made, once, and names the element."""
    ended = run(mpi_python, ranks, "unpicklable_element")
    assert ended.status == 1
    assert ended.stdout == "before\n"
    assert re.search(r"This element could not be pickled: .*<unlocked _thread\.lock", ended.stderr)
    assert ended.stderr.count("This element could not be pickled:") == 1
    assert "unpicklable_element.py" in ended.stderr


@pytest.mark.parametrize("ranks", [SERIAL, 1])
def test_alone_futures_are_computed_upon_access(ranks: int, mpi_python: str) -> None:
    """With nobody to distribute futures to, none runs before its result is asked for."""
    ended = run(mpi_python, ranks, "lazy_like", "0.3")
    assert ended.stdout == "before access: 0, of them by the root: 0\nafter access: 8\n"


@pytest.mark.parametrize("ranks", PARALLEL)
def test_distributed_futures_are_executed_right_away(ranks: int, mpi_python: str) -> None:
    """Others execute what the root submitted while it does something else."""
    ended = run(mpi_python, ranks, "lazy_like", "30")
    assert ended.stdout == "before access: 8, of them by the root: 0\nafter access: 8\n"


@pytest.mark.parametrize("ranks", [SERIAL, 1])
def test_alone_a_program_needs_no_guard(ranks: int, mpi_python: str) -> None:
    """Nobody imports the program a second time, so it runs, once."""
    ended = run(mpi_python, ranks, "no_guard")
    assert (ended.stdout, ended.status) == (f"{[2 * x for x in range(20)]}\n", 0), ended.stderr


@pytest.mark.parametrize("ranks", PARALLEL)
def test_missing_guard_is_one_clear_error(ranks: int, mpi_python: str) -> None:
    """One error, which shows the guard; never several runs of the program."""
    ended = run(mpi_python, ranks, "no_guard")
    assert ended.status != 0
    assert len(re.findall(r"if __name__ == ['\"]__main__['\"]:", ended.stderr)) == 1, ended.stderr
    assert len(ended.stdout.splitlines()) <= 1
