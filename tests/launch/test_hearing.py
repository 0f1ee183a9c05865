"""The launcher hears which process the root is, and its exit code, from wherever it runs."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Callable, Iterator

import pytest

from scoop_mpi._launch import hearing
from scoop_mpi._launch.hearing import Hearing, tell_launcher

LIMIT_S = 30


Make = Callable[..., Hearing]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make launchers' ends, which are closed after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(contextlib.closing(Hearing(**options)))


def heard(launcher: Hearing) -> Hearing:
    """Hear all until the exit code is there."""
    while launcher.code is None:
        assert select.select(launcher.files, [], [], LIMIT_S)[0], "nothing is said"
        launcher.listen()
    return launcher


@pytest.mark.parametrize("several", [False, True])
def test_on_the_same_host(make: Make, *, several: bool) -> None:
    """The process is known as soon as it begins."""
    launcher = make(several=several)
    tell = tell_launcher({hearing.VARIABLE: launcher.address}, is_root=True)
    launcher.listen()
    assert (launcher.began, launcher.root, launcher.code) == (True, os.getpid(), None)
    tell(7)
    assert heard(launcher).code == 7


def test_from_another_host(make: Make) -> None:
    """There its process number says nothing; its code does."""
    launcher = make(several=True)
    address = launcher.address.replace(os.uname().nodename, "other", 1)
    tell = tell_launcher({hearing.VARIABLE: address}, is_root=True)
    while not launcher.began:
        assert select.select(launcher.files, [], [], LIMIT_S)[0]
        launcher.listen()
    tell(-9)
    assert heard(launcher).code == -9
    assert launcher.root is None


@pytest.mark.parametrize("address", ["", "other:/nowhere:", "other:/nowhere:nonsense"])
def test_without_a_launcher(address: str) -> None:
    """Nobody is told, and nothing is raised."""
    tell_launcher({hearing.VARIABLE: address}, is_root=True)(3)


def test_other_ranks_say_nothing(make: Make) -> None:
    """And no rank keeps the variable: a job that the program starts has a launcher of its own."""
    launcher = make(several=True)
    environ = {hearing.VARIABLE: launcher.address}
    tell_launcher(environ, is_root=False)(3)
    launcher.listen()
    assert not launcher.began and not environ
