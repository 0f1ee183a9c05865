"""`scoop_mpi.start`: workers for a process that no launcher has started."""

from __future__ import annotations

import pytest

from .conftest import SERIAL, Job


@pytest.mark.parametrize("how", ["again", "left", "one", "wrong"])
def test_a_script_starts_its_workers(job: Job, how: str) -> None:
    """And stops them: at the end of a `with`, or at its own; and starts others."""
    ended = job("started.py", how, ranks=SERIAL)
    assert (ended.status, ended.stdout, ended.stderr) == (0, "done\n", "")


def test_workers_end_with_an_exception(job: Job) -> None:
    """Which is the script's, and nothing hangs."""
    ended = job("started.py", "raises", ranks=SERIAL)
    assert ended.status == 1
    assert ended.stderr.endswith("LookupError: of the script\n")


def test_ctrl_c_interrupts_the_script_only(job: Job) -> None:
    """A notebook sends it to all processes; the workers, and MPI's own, live on."""
    ended = job("started.py", "interrupted", ranks=SERIAL)
    assert (ended.status, ended.stdout, ended.stderr) == (0, "interrupted\ndone\n", "")


def test_under_a_launcher_its_ranks_are_used(job: Job) -> None:
    """So the same program runs both ways."""
    ended = job("started.py", "launched", ranks=2)
    assert (ended.status, ended.stdout, ended.stderr) == (0, "done\n", "")
