"""Priorities: what comes first among the tasks of one maker, and what that does not disturb."""

from __future__ import annotations

import sys
from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from scoop_mpi._kernel.protocol import Ask, Lend, Run, Send
from scoop_mpi._kernel.ranked import Ranked
from scoop_mpi._kernel.task import Task
from scoop_mpi._kernel.worker import Worker


class Cargo:
    """Cargo that tells which calls it was cut for."""

    call_bytes = 0

    def cut(self, start: int, stop: int) -> tuple[int, int]:
        """Return the bounds."""
        return start, stop


def push(worker: Worker, priority: int, *, group: int = 0) -> int:
    """Push a task of one call; return its serial."""
    task = worker.new_task(1, "f", Cargo(), group)
    if priority:
        worker.prioritise(task, priority)
    worker.push(task)
    return task.serial


def runs(worker: Worker) -> list[int]:
    """Run everything; return the serials in their order."""
    order = []
    while worker.has_work:
        (block,) = [action.block for action in worker.turn(0.0) if isinstance(action, Run)]
        order.append(block.source.serial)
        worker.finished(block, None, 0.0, failed=False, seconds=0.0)
        worker.validate()
    return order


def lends(worker: Worker) -> list[int]:
    """Lend everything, a call at a time; return the serials in their order."""
    order = []
    while worker.can_lend_to(1):
        for action in worker.receive(0, Ask(1, 1), 0.0):
            assert isinstance(action, Send) and isinstance(action.message, Lend)
            order += [part.serial for part in action.message.parts]
        worker.validate()
    return order


def test_the_highest_is_run_first() -> None:
    """And of equals the newest, as without."""
    worker = Worker(0, 1)
    low, plain, high, higher = (push(worker, priority) for priority in (-1, 0, 5, 5))
    assert runs(worker) == [higher, high, plain, low]


def test_the_highest_is_lent_first() -> None:
    """And of equals the oldest, as without."""
    worker = Worker(0, 2)
    low, plain, high, higher = (push(worker, priority) for priority in (-1, 0, 5, 5))
    assert lends(worker) == [high, higher, plain, low]


def test_trees_are_still_walked_depth_first() -> None:
    """A call's own calls come before further ones of the program, however high these are."""
    worker = Worker(0, 1)
    high = push(worker, 9)
    child = push(worker, 0, group=7)
    urgent_child = push(worker, 1, group=7)
    assert runs(worker) == [urgent_child, child, high]


def test_priorities_of_finished_tasks_are_swept_out() -> None:
    """What a long program has had does not pile up."""
    table, unfinished = Ranked({}), dict[int, Task]()
    for serial in range(100_000):
        table.prioritise(serial, 1, unfinished)
    assert sys.getsizeof(table._priorities) < 200_000  # noqa: SLF001  what nobody can see from outside


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["push", "pop", "front", "back"]), st.integers(0, 20), st.integers(-2, 2)
    )
)


@given(STEPS)
def test_it_equals_a_sorted_list(steps: list[tuple[str, int, int]]) -> None:
    """The first to run and the first to lend are those of a list that is searched each time."""
    table, model, priorities = Ranked({}), OrderedDict[int, Task](), dict[int, int]()
    for kind, number, priority in steps:
        if kind == "push" and number not in priorities:
            task = Task(number, 1, "f", Cargo(), group=number % 3)
            priorities[number] = priority
            if priority:
                table.prioritise(number, priority, model)
            table[number] = model[number] = task
        elif kind == "pop" and number in model:
            del table[number], model[number]
        elif kind in ("front", "back") and number in model:
            table.move_to_end(number, last=kind == "back")
            model.move_to_end(number, last=kind == "back")
        every = sorted(model)
        assert sorted(table) == sorted(table) == every and len(table) == len(every)
        for order, ages in ((table, list(model)), (reversed(table), list(reversed(model)))):
            if ages:
                group = [serial for serial in ages if serial % 3 == ages[0] % 3]
                highest = max(priorities[serial] for serial in group)
                first = next(serial for serial in group if priorities[serial] == highest)
                assert next(iter(order)) == first
