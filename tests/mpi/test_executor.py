"""`Executor` and `Pool`, used as those of Python are: each claim is an assertion in the program."""

from __future__ import annotations

import pytest

from .conftest import SERIAL, Job
from .test_programs import assert_ok

SIZES = [1, 2, 3]


@pytest.mark.parametrize("ranks", [SERIAL, *SIZES])
def test_an_executor_is_one_of_concurrent_futures(job: Job, ranks: int) -> None:
    """Its futures too: wait, as_completed, asyncio, callbacks, other threads, cancelling, the end."""
    assert_ok(job("executor.py", ranks=ranks), ranks)


@pytest.mark.parametrize("ranks", [1, 3])
def test_an_executor_may_come_late(job: Job, ranks: int) -> None:
    """When the main thread has run calls, of which some are parked."""
    assert_ok(job("executor.py", "handed over late", ranks=ranks), ranks)


@pytest.mark.parametrize("ranks", SIZES)
@pytest.mark.parametrize("how", ["in futures", "in executors"])
def test_calls_may_use_executors(job: Job, ranks: int, how: str) -> None:
    """And wait for what they have submitted in any way: somebody runs it."""
    assert_ok(job("nested_executor.py", how, ranks=ranks), ranks)


@pytest.mark.parametrize("ranks", [SERIAL, *SIZES])
def test_a_pool_is_one_of_multiprocessing(job: Job, ranks: int) -> None:
    """Results, failures, callbacks, its end; and the names by which libraries ask for its size."""
    assert_ok(job("pool.py", ranks=ranks), ranks)


def test_what_is_said_of_a_pool_holds_for_theirs(job: Job) -> None:
    """The same assertions, but for those on names and on being sent."""
    ended = job("pool.py", "theirs", ranks=SERIAL)
    assert (ended.status, ended.stdout) == (0, "ok\n"), ended.stderr
