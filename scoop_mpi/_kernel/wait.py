"""What a parked caller waits for.

A `Wait` is attached to tasks; each arrival of outcomes that it watches counts it down. Whoever
holds it looks at `satisfied`, or is told by a `Resume` action.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scoop_mpi._kernel.task import Task


class Wait:
    """A caller's wait for `needed` more arrivals, or for a first failure.

    Attributes:
        arrived: The tasks whose watched outcomes have come, in order of arrival; its owner pops.
        holder: Whatever the runtime parks here (a greenlet); None while nobody is parked.
    """

    __slots__ = ("arrived", "holder", "needed", "stop_on_failure")

    def __init__(self, needed: int, *, stop_on_failure: bool = False) -> None:
        self.needed: int = needed
        self.stop_on_failure: bool = stop_on_failure
        self.arrived: deque[Task] = deque()
        self.holder: Any = None

    @property
    def satisfied(self) -> bool:
        """Whether the caller can go on."""
        return self.needed <= 0

    def notice(self, task: Task, *, failed: bool) -> bool:
        """Count an arrival; True if it is the one that satisfies the wait."""
        self.arrived.append(task)
        before = self.needed
        self.needed = 0 if failed and self.stop_on_failure else before - 1
        return before > 0 >= self.needed
