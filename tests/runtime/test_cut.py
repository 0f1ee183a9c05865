"""A block that is cut while it runs: every order of the runner's and the cutter's steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from scoop_mpi._kernel.task import Block, Task
from scoop_mpi._runtime.calls import Running

CALLS = 4


class Watched(list[Any]):
    """A list that lets the runner go on at each of the cutter's steps that others can see."""

    pause: Callable[[], None] = staticmethod(lambda: None)

    def __len__(self) -> int:
        self.pause()
        return super().__len__()

    def __delitem__(self, key: Any) -> None:
        self.pause()
        super().__delitem__(key)
        self.pause()


class Runner:
    """Does what `values.extend(map(function, feed))` does, one visible step at a time."""

    def __init__(self, running: Running, feed: list[int]) -> None:
        self.started: list[int] = []
        self._steps = self._run(iter(feed), running.values)

    def _run(self, items: Iterator[int], values: list[Any]) -> Iterator[None]:
        for item in items:
            self.started.append(item)
            yield
            list.append(values, item)
            yield

    def step(self, steps: int) -> None:
        """Go on by so many steps, or to the end."""
        for _ in range(steps):
            next(self._steps, None)


def schedules() -> Iterator[tuple[int, ...]]:
    """Yield how many steps the runner makes in each of the cutter's five gaps."""
    return (s for s in product(range(2 * CALLS + 1), repeat=5) if sum(s) <= 2 * CALLS)


def test_no_call_is_lost_or_made_twice_in_any_order_of_steps() -> None:
    """What the cutter takes was never begun; what it leaves, the runner makes; together it is all."""
    cuts = 0
    for schedule in schedules():
        feed, values = Watched(range(CALLS)), Watched()
        task = Task(1, CALLS, "f", cargo=None)  # type: ignore[arg-type]  # never looked into
        running = Running(Block(task, 0, CALLS), iter(()), feed, started=0.0)
        running.values = values
        runner = Runner(running, feed)
        gaps = iter(schedule)
        feed.pause = values.pause = lambda runner=runner, gaps=gaps: runner.step(next(gaps, 0))
        keep = running.cut()
        feed.pause = values.pause = lambda: None
        runner.step(2 * CALLS)
        assert runner.started == list(range(len(values))), schedule
        if keep is not None:
            cuts += 1
            assert len(values) == keep, f"{schedule}: calls {keep} and later were given away"
    assert cuts >= CALLS, "the test must see cuts that succeed"


def test_a_cut_that_trusted_its_first_look_would_be_caught() -> None:
    """Without the second look at `values`, some order of steps makes a call that was given away."""

    def naive_cut(feed: Watched, values: Watched) -> int | None:
        keep = len(values) + 1
        if keep >= len(feed):
            return None
        del feed[keep:]
        return keep

    broken = False
    for schedule in schedules():
        feed, values = Watched(range(CALLS)), Watched()
        task = Task(1, CALLS, "f", cargo=None)  # type: ignore[arg-type]  # never looked into
        running = Running(Block(task, 0, CALLS), iter(()), feed, started=0.0)
        running.values = values
        runner = Runner(running, feed)
        gaps = iter(schedule)
        feed.pause = values.pause = lambda runner=runner, gaps=gaps: runner.step(next(gaps, 0))
        keep = naive_cut(feed, values)
        feed.pause = values.pause = lambda: None
        runner.step(2 * CALLS)
        broken |= keep is not None and len(values) > keep
    assert broken


@pytest.mark.parametrize("ended", [0, 1, 2])
def test_a_cut_block_stops_at_the_end_it_was_given(ended: int) -> None:
    """The real loop in C ends at the cut, and reports just the calls that were made."""
    feed = list(range(10))
    task = Task(1, 10, "f", cargo=None)  # type: ignore[arg-type]  # never looked into

    def call(item: int) -> int:
        if item == ended:
            assert running.cut() == ended + 1
        return item * item

    running = Running(Block(task, 0, 10), map(call, feed), feed, started=0.0)
    running.run(call)
    assert running.values == [item * item for item in range(ended + 1)]


def test_a_call_that_raises_stop_iteration_fails_alone() -> None:
    """`map` takes StopIteration for its own end; the other calls are made all the same."""
    feed = [1, 2, 3]

    def call(item: int) -> int:
        if item == 2:
            raise StopIteration
        return item

    running = Running(
        Block(Task(1, 3, "f", cargo=None), 0, 3),  # type: ignore[arg-type]  # never looked into
        map(call, feed),
        feed,
        started=0.0,
    )
    running.run(call)
    assert running.values == [1, None, 3]
    assert isinstance(running.failures[1], StopIteration)
