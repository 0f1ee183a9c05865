"""Tasks with unstarted calls in an order of priorities: what a worker keeps once there are any.

Priorities order the tasks that one call, or the program, has made (a *group*): the highest first,
both to be run and to be lent. Which group comes first is as without: that of the newest task, to run,
so that a tree is walked depth first; that of the oldest task, to lend.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping

from scoop_mpi._kernel.task import Task

_MANY = 1000
"""With more priorities than this, those of finished tasks are swept out."""


class Ranked(MutableMapping[int, Task]):
    """Serial -> task, in place of an `OrderedDict`: iterated, the first one is the next to lend.

    Reversed, the first one is the next to run.

    Args:
        tasks: Those that are there already, oldest first; their priority is 0.
    """

    def __init__(self, tasks: Mapping[int, Task]) -> None:
        self._tasks: OrderedDict[int, Task] = OrderedDict()
        """By age."""
        self._groups: dict[int, dict[int, OrderedDict[int, None]]] = {}
        """Group -> priority -> serials, by age; nothing in it is empty."""
        self._priorities: dict[int, int] = {}
        """Serial -> priority, where it is not 0, of tasks that are not finished."""
        self._many = _MANY
        self.update(tasks)

    def prioritise(self, serial: int, priority: int, unfinished: Mapping[int, Task]) -> None:
        """Say of a new task, before it is put here, which priority it has."""
        self._priorities[serial] = priority
        if len(self._priorities) > self._many:
            self._priorities = {
                serial: priority
                for serial, priority in self._priorities.items()
                if serial in unfinished
            }
            self._many = 2 * len(self._priorities) + _MANY
            self._priorities[serial] = priority

    def _class_of(self, task: Task) -> OrderedDict[int, None]:
        priority = self._priorities.get(task.serial, 0)
        return self._groups.setdefault(task.group, {}).setdefault(priority, OrderedDict())

    def __getitem__(self, serial: int) -> Task:
        return self._tasks[serial]

    def __setitem__(self, serial: int, task: Task) -> None:
        self._tasks[serial] = task
        self._class_of(task)[serial] = None

    def __delitem__(self, serial: int) -> None:
        task = self._tasks.pop(serial)
        serials = self._class_of(task)
        del serials[serial]
        if not serials:
            group = self._groups[task.group]
            del group[self._priorities.get(serial, 0)]
            if not group:
                del self._groups[task.group]

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[int]:
        if self._tasks:
            group = self._groups[self._tasks[next(iter(self._tasks))].group]
            first = group[max(group)]
            yield from first
            yield from (serial for serial in self._tasks if serial not in first)

    def __reversed__(self) -> Iterator[int]:
        if self._tasks:
            group = self._groups[self._tasks[next(reversed(self._tasks))].group]
            first = group[max(group)]
            yield from reversed(first)
            yield from (serial for serial in reversed(self._tasks) if serial not in first)

    def move_to_end(self, serial: int, *, last: bool) -> None:
        """Make a task the newest or the oldest of its priority, and of all."""
        self._tasks.move_to_end(serial, last=last)
        self._class_of(self._tasks[serial]).move_to_end(serial, last=last)
