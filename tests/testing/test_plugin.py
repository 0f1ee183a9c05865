"""The pytest plugin as a user's tests would use it, in sessions of their own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import os
import time
from scoop_mpi import futures, shared

def square(x):
    return x * x, os.getpid()

def total(n, power=2):
    return sum(x**power for x, _ in futures.map(square, range(n)))

def pids(n):
    def nap(x):
        time.sleep(0.02)
        return os.getpid()
    return {*futures.map(nap, range(n))}

def fails(x):
    raise LookupError(f"no {x}")

def asks():
    return list(futures.map(fails, [7]))

def hangs():
    print("began", flush=True)
    futures.submit(time.sleep, 1000).result()

def leaves():
    print("here", flush=True)
    os._exit(3)
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """Return a folder with a module of functions to test, for tests that import from it or are in it."""
    pytester.makepyfile(functions=SUITE)
    return pytester


def run(suite: pytest.Pytester, tests: str) -> pytest.RunResult:
    """Run tests that stand beside the functions, in a process of their own."""
    suite.makepyfile(test_it=f"from functions import *\nimport pytest\n{tests}")
    return suite.runpytest_subprocess("-p", "no:xdist", "-q")


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_functions_of_the_test_module_run_on_ranks(pytester: pytest.Pytester, mode: str) -> None:
    """Whether or not the module can be imported by its name; results, arguments, other processes."""
    pytester.makepyfile(
        test_mine=f"""{SUITE}
def test_results(scoop_ranks):
    assert scoop_ranks(3).call(total, 10, power=1) == 285

def test_places(scoop_ranks):
    found = scoop_ranks(2).call(pids, 20)
    assert len(found) == 2 and os.getpid() not in found

def test_lambdas(scoop_ranks):
    y = 5
    assert scoop_ranks(1).call(lambda x: x + y, 2) == 7
"""
    )
    result = pytester.runpytest_subprocess("-p", "no:xdist", f"--import-mode={mode}")
    result.assert_outcomes(passed=3)


def test_errors_come_as_themselves(suite: pytest.Pytester) -> None:
    """A test can expect them; one that is not expected shows the traceback of the rank."""
    result = run(
        suite,
        """
def test_expected(scoop_ranks):
    with pytest.raises(LookupError, match="no 7"):
        scoop_ranks(2).call(asks)

def test_unexpected(scoop_ranks):
    scoop_ranks(2).call(asks)
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*in fails*", "*LookupError: no 7*"])


def test_a_job_that_hangs_fails_its_test_and_is_gone(suite: pytest.Pytester) -> None:
    """In time, with what it wrote."""
    result = run(
        suite,
        """
def test_hangs(scoop_ranks):
    scoop_ranks(2, timeout=3).call(hangs)
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*still ran after 3 s; it was ended (on 2 ranks*", "*began*"])
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            assert suite.path.name not in (process / "cmdline").read_text(errors="replace")


def test_a_job_that_ends_early_fails_its_test(suite: pytest.Pytester) -> None:
    """With its exit code and its words."""
    result = run(
        suite,
        """
def test_leaves(scoop_ranks):
    scoop_ranks(2).call(leaves)
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*leaves has no outcome: the job ended (on 2 ranks*", "*here*"])


def test_programs_run_on_ranks(suite: pytest.Pytester) -> None:
    """With arguments and input; the exit code is for the test to judge."""
    suite.makepyfile(
        program="""
import sys
from functions import *
if __name__ == "__main__":
    print(total(int(sys.argv[1]), power=1), input())
    sys.exit(4)
"""
    )
    result = run(
        suite,
        """
def test_program(scoop_ranks):
    ended = scoop_ranks(2).run("program.py", "10", stdin="words")
    assert (ended.status, ended.stdout) == (4, "285 words\\n"), ended
""",
    )
    result.assert_outcomes(passed=1)


def test_the_plugin_costs_other_sessions_nothing() -> None:
    """It is loaded wherever the package is installed, and imports nothing else of it."""
    code = "import scoop_mpi.testing.plugin, sys; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    ours = [name for name in done.stdout.split() if name.startswith("scoop_mpi")]
    assert ours == ["scoop_mpi", "scoop_mpi.testing", "scoop_mpi.testing.plugin"]
