"""Stories: what the ranks tell each other, as text files that a newcomer reads.

Each file in `stories/` is the transcript of a small program on a small virtual cluster, under the
docstring of the program. After a change that is meant, write them anew and read the difference:

    SCOOP_MPI_REWRITE_STORIES=1 python -m pytest tests/kernel/test_stories.py
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.operations import (
    Cancel,
    Cancelled,
    Compute,
    Gather,
    GetConst,
    Map,
    Result,
    SetConst,
    Submit,
)
from scoop_mpi.testing.story import Story

FOLDER = Path(__file__).parent / "stories"
REWRITE = "SCOOP_MPI_REWRITE_STORIES"

Steps = Generator[Any, Any, Any]


def square(number: int) -> Steps:
    """Take four milliseconds."""
    yield Compute(4e-3)
    return number * number


def nap(seconds: float) -> Steps:
    """Take as long as one is told."""
    yield Compute(seconds)


def one_map() -> Steps:
    """A map on two ranks.

    Rank 1 is hungry from the start: its request stands at the broker. The map tells the broker of
    its surplus, but rank 0 computes by then, so that its ticker answers, a millisecond later. A
    callable that nobody has timed is lent one call at a time; later pieces are larger. At the end
    rank 0 has nothing left to lend, and refuses.
    """
    handle = yield Map(square, range(8))
    return (yield Gather(handle))


def refused() -> Steps:
    """One call, and two hungry ranks.

    The broker asks for both. Rank 0 has one call to lend, and refuses the second request, which
    stands until there is surplus again.
    """
    yield Compute(1e-3)
    handle = yield Submit(square, 3)
    yield Compute(20e-3)
    return (yield Result(handle))


def given_back() -> Steps:
    """A borrower gets stuck.

    All naps so far were short, so rank 1 borrows several; one of them is long. Its ticker gives
    back to rank 0 what has not been started.
    """
    handle = yield Map(nap, [0.5e-3] * 12 + [1e-3] * 4 + [40e-3] + [1e-3] * 7)
    return (yield Gather(handle))


def nested() -> Steps:
    """A call maps in its turn.

    Rank 1 runs the inner map's call and owns what it maps: rank 2 borrows from rank 1, and the
    outcomes go from rank 2 to rank 1. Rank 0 only matches them.
    """
    handle = yield Submit(inner, 4)
    yield Compute(30e-3)
    return (yield Result(handle))


def inner(calls: int) -> Steps:
    """Map."""
    handle = yield Map(square, range(calls))
    return sum((yield Gather(handle)))


def constants() -> Steps:
    """A constant, and a call that reads it.

    Rank 0 numbers it and tells every rank. Had the loan come to rank 1 before the constant, it
    would have waited for it.
    """
    yield SetConst("depth", 7)
    handle = yield Submit(reader, "depth")
    yield Compute(3e-3)
    return (yield Result(handle))


def reader(name: str) -> Steps:
    """Read a constant."""
    return (yield GetConst(name))


def cancelled() -> Steps:
    """Two calls; the second is cancelled before anyone has started it.

    The first cannot be cancelled: rank 1 has it.
    """
    first = yield Submit(square, 1)
    second = yield Submit(square, 2)
    yield Compute(1.5e-3)
    assert (yield Cancel(first)) is False
    assert (yield Cancel(second)) is True
    try:
        yield Result(second)
    except Cancelled:
        return (yield Result(first))


STORIES: dict[Callable[..., Steps], int] = {
    one_map: 2,
    refused: 3,
    given_back: 2,
    nested: 3,
    constants: 2,
    cancelled: 2,
}
"""Program -> ranks."""


def tell(program: Callable[..., Steps], ranks: int) -> str:
    """Return the text of a story."""
    story = Story()
    cluster = Cluster(ranks, check=True, story=story)
    value = cluster.run(program)
    source = inspect.getsource(program).split('"""')[2].strip("\n")
    return (
        f"{inspect.getdoc(program)}\n\n"
        f"On {ranks} ranks:\n\n{source}\n\n"
        f"{story}\n{cluster.ended_at:.6f} 0 ends   with {value}\n"
    )


@pytest.mark.parametrize("program", STORIES, ids=lambda program: program.__name__)
def test_story(program: Callable[..., Steps]) -> None:
    """The transcript is the one on file."""
    path = FOLDER / f"{program.__name__}.txt"
    told = tell(program, STORIES[program])
    if os.environ.get(REWRITE):
        path.write_text(told, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == told, f"if this is meant: {REWRITE}=1"


def test_every_file_has_its_story() -> None:
    """No transcript is left of a program that is gone."""
    assert {path.stem for path in FOLDER.iterdir()} == {story.__name__ for story in STORIES}
