"""Faults in calls, by every way to an outcome: the owner gets the right exception, nothing else is hurt.

tests/faults.md says which test stands for which fault.
"""

from __future__ import annotations

import pytest

from .conftest import Job

SIZES = [1, 2, 3]

PICKLE = "PickleError"

CAME = {
    "fine": "str",
    "lock": PICKLE,
    "fails to load": PICKLE,
    "exits on load": PICKLE,
    "fails to pickle": PICKLE,
    "odd": "Odd odd",
    "unspeakable": "Unspeakable",
    "exit": "SystemExit 3",
    "interrupt": "KeyboardInterrupt k",
    "generator exit": "GeneratorExit",
    "stop": "StopIteration 7",
    "recursion": "RecursionError maximum recursion depth exceeded",
    "memory": "MemoryError",
    "nested": PICKLE,
    "chained": "ValueError chained",
    "group": "ExceptionGroup g (2 sub-exceptions)",
    "generator": PICKLE,
    "lambda": "function",
    "fine again": "str",
}
"""Fault of programs/travel.py -> what comes of it."""

FROM_A_GENERATOR = {"first_of_map", "amid_others", "as_completed", "nested_in_map"}
"""Ways that end in a generator, which may not raise StopIteration."""


@pytest.mark.parametrize("ranks", SIZES)
def test_every_fault_by_every_way(job: Job, ranks: int) -> None:
    """Alone, in a block of others, by iterating, by a callback, nested; then the exit code is kept."""
    ended = job("routes.py", ranks=ranks)
    assert (ended.status, ended.stderr) == (5, "")
    *lines, last = ended.stdout.splitlines()
    assert last == "ok"
    ways = set()
    for line in lines:
        way, fault, came = line.split(": ", 2)
        ways.add(way)
        if fault == "stuck":  # itself where it was raised, a stand-in elsewhere
            assert came in ("Stuck stuck", "RemoteError"), line
        elif fault == "stop" and way in FROM_A_GENERATOR:
            assert came == "RuntimeError generator raised StopIteration", line
        else:
            assert came == CAME[fault], line
    assert len(ways) == 8
    assert len(lines) == len(ways) * (len(CAME) + 1)


CASES = ["exceptions", "arguments", "iterables", "parents", "flight", "barriers", "threads"]


@pytest.mark.parametrize("ranks", SIZES)
@pytest.mark.parametrize("case", CASES)
def test_faults_harm_only_their_own_call(job: Job, case: str, ranks: int) -> None:
    """As programs/faults.py says of each case; the run ends well, and in time."""
    ended = job("faults.py", case, ranks=ranks)
    assert (ended.status, ended.stdout) == (0, "ok\n"), ended.stderr
    assert ended.stderr == ""


@pytest.mark.parametrize("ranks", SIZES)
def test_a_callback_that_raises_is_told(job: Job, ranks: int) -> None:
    """With its traceback; others, which submit and cancel, are called all the same."""
    ended = job("faults.py", "callbacks", ranks=ranks)
    assert (ended.status, ended.stdout) == (0, "ok\n"), ended.stderr
    assert ended.stderr.count("ZeroDivisionError: division by zero") == 1
    assert "Future builtins.abs finished> raised" in ended.stderr


@pytest.mark.parametrize("ranks", [2, 3])
def test_nobody_finalizes_mpi_under_the_others(job: Job, ranks: int) -> None:
    """Neither a call nor the program: it raises, says what to do, and the job goes on to its code."""
    ended = job("finalizes.py", ranks=ranks)
    first, *rest = ended.stdout.splitlines()
    assert first.startswith("MPI.Finalize() on "), ended
    assert first.endswith("Take the call out of the program.")
    assert (rest, ended.status, ended.stderr) == (["5050"], 4, "")
