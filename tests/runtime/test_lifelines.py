"""Lifelines between hosts: by them a rank's end is seen from afar, and nobody is accused for nothing.

Here all ends are of this process. That a host is silent is tested where there are several
(tests/cluster/test_hosts.py).
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from scoop_mpi._lines import Place
from scoop_mpi._runtime.faults.lifelines import Lifelines, Verdicts

LIMIT_S = 30
NODES = ["a", "b", "b", "c"]
ENDED = "it has ended: it was killed, crashed, or left by itself"


class Ranks:
    """Hands on what the root says."""

    said: Place | None = None

    def __init__(self) -> None:
        self.all: list[Lifelines] = []

    def rank(self, number: int) -> Lifelines:
        """Make the lifelines of one rank, after those of rank 0."""
        self.all.append(Lifelines(_Rank(self, number), NODES, LIMIT_S))
        return self.all[-1]


@pytest.fixture
def job() -> Iterator[Ranks]:
    """Make a job, whose lines are closed after the test."""
    ranks = Ranks()
    yield ranks
    for lines in ranks.all:
        lines.close()


class _Rank:
    def __init__(self, job: Ranks, rank: int) -> None:
        self._job = job
        self.rank = rank

    def from_root(self, value: Place | None) -> Place | None:
        if self.rank == 0:
            self._job.said = value
        return self._job.said


def until(told: Callable[[], Verdicts], *others: Lifelines) -> Verdicts:
    """Look until something is told; others look meanwhile."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        for other in others:
            assert other.look(set()) == []
        if found := told():
            return found
        threading.Event().wait(0.001)
    pytest.fail("nobody is missed")


def connect(root: Lifelines, *speakers: Lifelines) -> None:
    """Wait until each speaker has its line."""
    deadline = time.monotonic() + LIMIT_S
    while not all(speaker._lines for speaker in speakers) or len(root._lines) < len(speakers):  # noqa: SLF001  no other way to see it
        assert root.look(set()) == []
        assert time.monotonic() < deadline


def test_each_sees_the_end_of_the_other(job: Ranks) -> None:
    """The root that of a node's first rank, this one the root's; of living ones nobody says a word."""
    root, first, second, third = (job.rank(number) for number in range(4))
    connect(root, first, third)
    assert [ranks.look(set()) for ranks in (root, first, second, third)] == [[], [], [], []]
    first.close()
    assert until(lambda: root.look(set()), second, third) == [(1, ENDED)]
    root.close()
    assert until(lambda: third.look(set())) == [(0, ENDED)]


def test_the_next_of_a_node_speaks_for_it(job: Ranks) -> None:
    """When its first rank is lost; whose end is no news any more."""
    root, first, second = (job.rank(number) for number in range(3))
    connect(root, first)
    first.close()
    assert until(lambda: root.look(set())) == [(1, ENDED)]
    assert second.look({1}) == []
    connect(root, second)
    second.close()
    assert until(lambda: root.look({1})) == [(2, ENDED)]


def test_strangers_are_not_listened_to(job: Ranks) -> None:
    """Somebody who calls without the password, and leaves, accuses nobody."""
    root, first = job.rank(0), job.rank(1)
    assert job.said is not None
    for words in (b"", b"x", b"GET / HTTP/1.1\r\n\r\n12345"):
        with socket.create_connection(("localhost", job.said.port), LIMIT_S) as line:
            line.send(words)
    connect(root, first)
    assert list(root._lines) == [1]  # noqa: SLF001  as above


def test_a_service_that_is_not_the_root_is_not_believed(job: Ranks) -> None:
    """Where the root's name leads to another host, its answer and its end mean nothing."""
    with socket.create_server(("localhost", 0)) as other:
        job.said = Place(("localhost",), other.getsockname()[1], b"p" * 16, b"w" * 16)
        first = job.rank(1)
        line, _ = other.accept()
        with line:
            line.send(b"not the welcome!")
        for thread in threading.enumerate():
            if thread.name.endswith("(_call)"):
                thread.join(LIMIT_S)
        assert first.look(set()) == []


def test_without_a_listener_there_is_no_verdict(job: Ranks) -> None:
    """A root that may not listen has no lifelines."""
    assert job.rank(1).look(set()) == []
