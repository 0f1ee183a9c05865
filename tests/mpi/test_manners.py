"""Programs that are rude, broken, or end in odd ways: told once, never a hang."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.conftest import Command, Ended

from .conftest import PROGRAMS, SERIAL, Job

RUDE = (
    "folder",
    "mask",
    "environment",
    "signals",
    "descriptors",
    "streams",
    "no streams",
    "fork",
    "process",
    "stdin",
    "thread",
    "path",
    "modules",
    "switch interval",
    "garbage",
    "hook",
    "output",
)


@pytest.mark.parametrize("how", RUDE)
def test_a_call_may_be_rude_to_its_process(job: Job, tmp_path: Path, how: str) -> None:
    """The ranks stay usable, and the run ends well."""
    ended = job("rude.py", how, str(tmp_path), ranks=3)
    assert ended.status == 0, ended.stderr
    assert (tmp_path / "done").exists()


@pytest.mark.parametrize(
    ("how", "status", "out", "last"),
    [
        ("closed stderr", 1, "", ""),
        ("no stderr", 1, "", ""),
        ("thread", 0, "late 5050\n", ""),
        ("exit handler", 0, "late 5050\n", ""),
        ("hook", 1, "hook LookupError\n", ""),
        ("callback", 0, "called back 2\n", ""),
        ("interrupt", 130, "", "KeyboardInterrupt"),
        ("flag", 1, "", ""),
        ("negative", 255, "", ""),
    ],
)
def test_it_ends_as_python_would(job: Job, how: str, status: int, out: str, last: str) -> None:
    """The same status, the same words."""
    ended = job("endings.py", how, ranks=3)
    assert (ended.status, ended.stdout) == (status, out), ended.stderr
    assert ended.stderr.strip().rpartition("\n")[2] == last


@pytest.mark.parametrize("how", ["remote failure", "mapped failure"])
def test_a_traceback_shows_the_user_s_lines_only(job: Job, how: str) -> None:
    """Whoever ran the call that failed."""
    ended = job("endings.py", how, ranks=3)
    assert ended.status == 1
    assert "return x + 1" in ended.stderr
    assert ended.stderr.rstrip().endswith('TypeError: can only concatenate str (not "int") to str')
    assert "scoop_mpi/_" not in ended.stderr


@pytest.mark.parametrize("ranks", [1, 3])
def test_whoever_may_wait_waits(job: Job, ranks: int) -> None:
    """Greenlets and threads of the program's own, and several callers of one future."""
    ended = job("callers.py", ranks=ranks)
    assert ended.stdout == "ok\n", ended.stderr


@pytest.mark.parametrize("ranks", [SERIAL, 1, 3])
def test_threads_that_run_calls_do_not_harm_each_other(job: Job, ranks: int) -> None:
    """However often they switch, each goes on to run what it waits for."""
    ended = job("many_threads.py", ranks=ranks)
    assert ended.stdout == "ok\n", ended.stderr


@pytest.mark.parametrize("ranks", [SERIAL, 1])
def test_the_main_thread_may_join_a_thread_that_waits(job: Job, ranks: int) -> None:
    """What the main thread has begun it has ended before it goes on to wait by other means."""
    ended = job("joins.py", ranks=ranks)
    assert ended.stdout == "ok\n", ended.stderr


def test_what_the_main_thread_has_left_is_told(job: Job) -> None:
    """If it had begun it before the first thread came; nothing is lost."""
    ended = job("leaves.py", ranks=2)
    assert ended.stdout == "ok\n", ended.stderr
    told = "a thread waits, and calls that the main thread began, before there were threads,"
    assert ended.stderr.count(told) == 1
    assert ended.stderr.endswith("left\n")


def test_a_missing_library_is_told_once(job: Job) -> None:
    """Not once by each rank."""
    ended = job("missing_import.py", ranks=3)
    assert ended.status == 1
    assert ended.stderr.count("ModuleNotFoundError: No module named 'no_such_library'") == 1


def test_a_syntax_error_is_told_once(job: Job, tmp_path: Path) -> None:
    """With its line."""
    program = tmp_path / "broken.py"
    program.write_text("def broken(x: return x\n")
    ended = job(str(program), ranks=3)
    assert ended.status == 1
    assert ended.stderr.count("SyntaxError") == 1
    assert ended.stderr.count("def broken(x: return x") == 1


@pytest.mark.parametrize(
    ("program", "call", "line"),
    [("no_guard_slow.py", "futures.map()", 14), ("no_guard_constant.py", "shared.setConst()", 6)],
)
def test_a_missing_guard_is_told_once(job: Job, program: str, call: str, line: int) -> None:
    """Though the program swallows what is raised, or takes its time."""
    ended = job(program, ranks=3)
    assert ended.status == 1
    assert ended.stderr.count(f"{program} calls {call} while it is imported (line {line})") == 1
    assert "swallowed" not in ended.stdout


@pytest.mark.parametrize("ranks", [1, 3])
def test_a_package_runs_by_its_name(job: Job, ranks: int) -> None:
    """With relative imports, and classes that are the same on every rank."""
    assert (PROGRAMS / "package" / "inner" / "__main__.py").exists()
    ended = job("-m package.inner", "a", "-b", ranks=ranks)
    assert ended.stdout == "ok\n", ended.stderr


def test_the_program_is_read_once(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """By the root, which hands it on: here it comes out of a pipe, and could not be read again."""
    pipe = tmp_path / "program.py"
    os.mkfifo(pipe)
    text = (
        "from scoop_mpi import futures\n"
        "def square(x):\n    return x * x\n"
        "if __name__ == '__main__':\n    print(sum(futures.map(square, range(1000))))\n"
    )
    writer = threading.Thread(target=pipe.write_text, args=(text,), daemon=True)
    writer.start()
    ended = command(mpi_python, "-m", "scoop_mpi", "-n", "3", pipe, cwd=tmp_path)
    assert (ended.status, ended.stdout) == (0, "332833500\n"), ended.stderr
    writer.join(10)


def knowing_its_launcher(command: Command, python: str, cwd: Path, program: str) -> Ended:
    """Run a program whose environment has the process of the launcher, which ignores SIGHUP."""
    shell = "trap '' HUP; LAUNCHER=$$ exec \"$@\""
    words = [python, "-m", "scoop_mpi", "-n", "2", PROGRAMS / program]
    return command("sh", "-c", shell, "sh", *words, cwd=cwd)


def test_nohup_outlives_its_terminal(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """Started by `nohup`, a job does not end when its terminal does."""
    ended = knowing_its_launcher(command, mpi_python, tmp_path, "hangup.py")
    assert ended == (0, "4950\n", "")


def test_mpirun_may_be_stuck(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """When the root has ended without a word, mpirun is not waited for without end."""
    ended = knowing_its_launcher(command, mpi_python, tmp_path, "stuck_mpirun.py")
    assert ended.status != 0
    assert "the job has ended before its program" in ended.stderr
