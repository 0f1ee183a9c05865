"""Calls that were made and are no task of the kernel's yet."""

from __future__ import annotations

from typing import Any, final

from scoop_mpi._kernel.task import Task
from scoop_mpi._runtime.values.cargo import Cargo


@final
class Draft:
    """A call that was submitted, or the few of a small map (see `work`).

    Their maker takes them one by one, from the front; whoever makes a task of them takes the rest. Each
    step that takes a call is one of the interpreter's, so that two threads never take the same.

    Attributes:
        cargo: What to call; None once it is the task's.
        maker: The call that made these.
        calls: How many there are.
        left: Those that have not begun, the first one last.
        ended: How many have ended here; changed under the lock.
        returned: What the latest of these returned.
        task: The kernel's record of them; None as long as there is none.
    """

    ended: int = 0
    returned: Any = None
    task: Task | None = None

    def __init__(self, cargo: Cargo, maker: int, calls: int) -> None:
        self.cargo: Cargo | None = cargo
        self.maker: int = maker
        self.calls: int = calls
        self.left: list[int] = [0] if calls == 1 else list(range(calls - 1, -1, -1))

    def take_rest(self) -> int:
        """Take the calls that have not begun, from the back; return how many have."""
        begun = self.calls
        try:
            while True:
                begun = self.left.pop(0)
        except IndexError:  # its maker may have taken the last one just now
            return begun
