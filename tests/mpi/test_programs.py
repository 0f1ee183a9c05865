"""Programs under real MPI, at each size: every claim is an assertion in the program's root."""

from __future__ import annotations

import re

import pytest

from .conftest import SERIAL, Ended, Job

SIZES = [1, 2, 3, 5]
PARALLEL = [2, 3, 5]


def assert_ok(ended: Ended, ranks: int) -> None:
    """It ended well, and nothing else was said but the warning of a program nobody launched."""
    assert ended.status == 0, ended.stderr
    assert ended.stdout.endswith("ok\n"), ended
    if ranks != SERIAL:
        assert ended.stderr == ""
    else:
        assert ended.stderr.count("Warning") == 1, ended.stderr


@pytest.mark.parametrize("ranks", [SERIAL, *SIZES])
def test_the_public_calls_mean_what_pep_3148_says(job: Job, ranks: int) -> None:
    """And a sum of floats is bitwise the same at every size."""
    ended = job("api.py", ranks=ranks)
    assert_ok(ended, ranks)
    assert ended.stdout == "0x1.2306376e18053p+3\nok\n"


@pytest.mark.parametrize("ranks", SIZES)
def test_random_trees_of_calls_equal_their_serial_walk(job: Job, ranks: int) -> None:
    """Maps, submits, waits and reductions nested in each other, with failures; and deep chains."""
    assert_ok(job("trees.py", str(100 * ranks), str(100 * ranks + 25), ranks=ranks), ranks)


@pytest.mark.parametrize("ranks", SIZES)
@pytest.mark.parametrize("where", ["here", "remote"])
def test_what_cannot_travel_harms_only_its_own_call(job: Job, ranks: int, where: str) -> None:
    """The same outcomes wherever the calls run; and callables, copies and arguments."""
    ended = job("travel.py", where, ranks=ranks)
    assert_ok(ended, ranks)
    told = dict(line.split(": ", 1) for line in ended.stdout.splitlines() if ": " in line)
    kept = {
        "fine": "fine",
        "odd": "Odd",
        "exit": "SystemExit",
        "interrupt": "KeyboardInterrupt",
        "generator exit": "GeneratorExit",
        "stop": "StopIteration",
        "recursion": "RecursionError",
        "memory": "MemoryError",
        "chained": "ValueError a note ZeroDivisionError",
        "group": "ExceptionGroup",
        "lambda": "2",
        "fine again": "fine again",
        "unspeakable": "Unspeakable",
    }
    cannot = ["lock", "fails to load", "exits on load", "fails to pickle", "nested", "generator"]
    assert told.pop("stuck") in ("Stuck", "RemoteError"), "itself here, a stand-in from elsewhere"
    assert told == kept | dict.fromkeys(cannot, "PickleError")


@pytest.mark.parametrize("ranks", PARALLEL)
def test_a_remote_failure_shows_where_it_was(job: Job, ranks: int) -> None:
    """The rank, its host and the frames of the user's functions."""
    ended = job("remote_error.py", ranks=ranks)
    assert re.search(rf"### Rank [1-9] of {ranks} on \S+\n", ended.stdout), ended
    assert "in outer" in ended.stdout and "in inner" in ended.stdout
    assert "LookupError: no 7" in ended.stdout


@pytest.mark.parametrize("ranks", SIZES)
def test_work_is_shared(job: Job, ranks: int) -> None:
    """All ranks work; while the root computes, the others finish what was submitted before."""
    assert_ok(job("sharing.py", ranks=ranks), ranks)


@pytest.mark.parametrize("ranks", SIZES)
def test_constants(job: Job, ranks: int) -> None:
    """They are there for every call that was submitted after they were set."""
    assert_ok(job("constants.py", ranks=ranks), ranks)


@pytest.mark.parametrize("ranks", SIZES)
def test_a_program_sees_what_python_would_show_it(job: Job, ranks: int) -> None:
    """Arguments, folder, path, standard input; module-level code once on each rank."""
    ended = job("place.py", "a b", "-n", "ü\n", ranks=ranks, stdin="from\nstdin")
    assert ended.status == 0, ended.stderr
    assert ended.stdout == "read: from\nstdin\n"
    assert re.fullmatch(r"\[.*\] place +\(rank 0 on \S+\) WARNING logged\n", ended.stderr), ended


def test_outside_a_launcher_the_names_of_a_job_do_not_exist(job: Job) -> None:
    """As with SCOOP, whose programs look for the AttributeError."""
    assert_ok(job("alone.py", ranks=SERIAL), SERIAL)


@pytest.mark.parametrize("ranks", [2, 3])
def test_a_program_may_use_mpi_itself(job: Job, ranks: int) -> None:
    """Our messages are on communicators of our own."""
    assert_ok(job("own_mpi.py", ranks=ranks), ranks)


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("outstanding", [(), ("outstanding",)], ids=["idle", "outstanding"])
@pytest.mark.parametrize(("end", "status"), [("well", 0), ("three", 3), ("text", 1), ("raise", 1)])
def test_the_exit_status_is_the_programs(
    job: Job, ranks: int, outstanding: tuple[str, ...], end: str, status: int
) -> None:
    """At once, whatever still runs; its words and its traceback once, with its own frames only."""
    ended = job("end.py", end, *outstanding, ranks=ranks)
    assert ended.status == status, ended
    assert ended.stdout == "at exit\n"
    if end == "text":
        assert ended.stderr.startswith("told\n")
    elif end == "raise":
        assert ended.stderr.count("Traceback") == 1
        assert "LookupError: lost" in ended.stderr
        assert "_runtime" not in ended.stderr
    elif end == "well":
        assert ended.stderr == ""


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_failure_that_nobody_looked_at_is_told(job: Job, ranks: int) -> None:
    """Nothing is swallowed; the exit status is the program's all the same."""
    ended = job("end.py", "unseen", ranks=ranks)
    assert ended.status == 0
    assert "nobody asked for its result" in ended.stderr and "ValueError: unseen 1" in ended.stderr


@pytest.mark.parametrize("ranks", PARALLEL)
def test_a_program_that_some_rank_cannot_import_ends_with_one_message(job: Job, ranks: int) -> None:
    """Which says what happened, and where."""
    ended = job("fails_on_worker.py", ranks=ranks)
    assert ended.status == 1, ended
    assert ended.stderr.count("ImportError: no such library on this rank") == 1
    assert "cannot be imported on Rank" in ended.stderr
