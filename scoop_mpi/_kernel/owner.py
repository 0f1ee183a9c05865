"""What a rank made: its tasks, what has arrived for them, and who waits for that.

This part knows how calls come in and how outcomes go out. Where calls are in between, `_kernel.task`
lists; how they go to other ranks and come back is told in `_kernel.lender`, how they come back from
lost ranks in `_kernel.recovery`, how they run here in `_kernel.worker`.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import MutableSequence, Sequence
from typing import Any

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.protocol import BROKER, Actions, Resume, Send, Surplus
from scoop_mpi._kernel.ranked import Ranked
from scoop_mpi._kernel.task import Cargo, Task
from scoop_mpi._kernel.wait import Wait


class Owner:
    """The tasks of one rank.

    Attributes:
        rank: This rank.
        ranks: How many ranks the job has.
        kept: Serial of a task whose outcomes are kept -> where to put (serial, start, stop, failed,
            payload) of each run of them.
        counts: What happened so far, for statistics: calls (but requests that were refused); "late" are
            those whose outcomes came for a lease that was no more, "dropped" those of owners that were lost.
    """

    def __init__(self, rank: int, ranks: int) -> None:
        self.rank = rank
        self.ranks = ranks
        self.kept: dict[int, MutableSequence[tuple[int, int, int, bool, Any]]] = {}
        self.durations: policy.Durations = policy.Durations()
        self.tasks: dict[int, Task] = {}
        """Every own task that is not finished."""
        self._ready: OrderedDict[int, Task] | Ranked = OrderedDict()
        """Those with unstarted calls, oldest first; `Ranked` once there are priorities."""
        self._doubtful: deque[tuple[Task, int, float]] = deque()
        """Own calls whose rank was lost, oldest first, and since when they wait for another."""
        self.unseen: dict[int, Task] = {}
        """Tasks with a failure that nobody has looked at."""
        self.refiled: int = 0
        """How often a task without unstarted calls has got some again."""
        self._serials = 0
        self.told_surplus: bool = False
        """Whether the Broker has been told that there are calls here, and not that there are none."""
        names = ("run", "lent", "borrowed", "given back", "refused", "lost", "late", "dropped")
        self.counts: dict[str, int] = dict.fromkeys(names, 0)

    @property
    def made(self) -> int:
        """How many tasks were made here."""
        return self._serials

    # --- made here ---------------------------------------------------------------------------

    def new_task(
        self, calls: int, key: str, cargo: Cargo, group: int = 0, retries: int | None = None
    ) -> Task:
        """Make a task of this rank; `push` puts it to work."""
        self._serials += 1
        return Task(self._serials, calls, key, cargo, group, retries)

    def push(self, task: Task, known: Sequence[tuple[int, int, Any]] = ()) -> Actions:
        """Take a new task. Standing hunger hears of it at once, if it is worth a message.

        Args:
            known: Calls whose outcomes are there already: (start, stop, payload).
        """
        if not task.calls:
            return []
        serial = task.serial
        self.tasks[serial] = task
        for start, stop, payload in known:
            task.unstarted.remove(start, stop)
            self._arrive(task, start, stop, payload, failed=False)
        if not task.unstarted.count:
            return []
        self._ready[serial] = task
        return self._tell_surplus() if self.is_news(task.key, task.calls) else []

    def is_news(self, key: str, calls: int) -> bool:
        """Return whether the Broker is to hear of so many new calls at once."""
        if self.told_surplus or self.ranks == 1:
            return False
        call_s = self.durations.expect(key)
        return call_s is None or call_s * calls >= policy.WORTH_LENDING_S

    def prioritise(self, task: Task, priority: int) -> None:
        """Let a new task, before it is pushed, come before those of its maker that have a lower one.

        Others have 0. It is run and lent first; what is running, or lent, already stays so.
        """
        if not isinstance(self._ready, Ranked):
            self._ready = Ranked(self._ready)
        self._ready.prioritise(task.serial, priority, self.tasks)

    def defer(self, task: Task) -> None:
        """Have this task run after the others that are here, and not before them as the newest."""
        if task.serial in self._ready:
            self._make_ready(task)

    def offer(self) -> Actions:
        """A caller waits but leaves its calls to others: tell of them, however short they are."""
        return self._tell_surplus()

    def _tell_surplus(self) -> Actions:
        if self.told_surplus or not (self._ready or self._doubtful) or self.ranks == 1:
            return []
        self.told_surplus = True
        return [Send(BROKER, Surplus())]

    # --- what arrives for a task -------------------------------------------------------------

    def _arrive(self, task: Task, start: int, stop: int, payload: Any, *, failed: bool) -> Actions:
        task.arrived[start] = (stop, failed, payload)
        task.done += stop - start
        if self.kept and task.serial in self.kept:
            self.kept[task.serial].append((task.serial, start, stop, failed, payload))
        if failed and not task.looked_at and len(self.unseen) < policy.UNSEEN:
            self.unseen[task.serial] = task
        if task.done == task.calls:
            self._forget(task)
        if not task.waits:
            return []
        actions: Actions = []
        kept = []
        for wait, index in task.waits:
            if index is None or start <= index < stop:
                if wait.notice(task, failed=failed):
                    actions.append(Resume(wait))
                if index is not None:
                    continue
            kept.append((wait, index))
        task.waits = kept if task.done < task.calls else []
        return actions

    def _forget(self, task: Task) -> None:
        del self.tasks[task.serial]
        self.kept.pop(task.serial, None)
        task.cargo = None  # whoever holds the outcome need not hold the arguments

    def _make_ready(self, task: Task) -> None:
        """File a task that has unstarted calls again, as the oldest."""
        self.refiled += 1
        self._ready[task.serial] = task
        self._ready.move_to_end(task.serial, last=False)

    def look_at(self, task: Task) -> None:
        """Somebody sees a failure of this task."""
        task.looked_at = True
        self.unseen.pop(task.serial, None)

    def watch(self, wait: Wait, task: Task, index: int | None) -> None:
        """Let `wait` count the arrival of this call of an unfinished task; None: every arrival."""
        task.waits.append((wait, index))

    def unwatch(self, wait: Wait, task: Task) -> None:
        """Take back `watch`."""
        task.waits = [entry for entry in task.waits if entry[0] is not wait]

    def cancel(self, task: Task, payload: Any) -> tuple[bool, Actions]:
        """Cancel a task of one call if nobody has started it; `payload` becomes its outcome."""
        if not task.unstarted.count:
            return False, []
        start, stop = task.unstarted.take_front(task.calls)
        self._ready.pop(task.serial, None)
        self.look_at(task)
        return True, self._arrive(task, start, stop, payload, failed=True)

    def abandon(self, task: Task) -> None:
        """Drop the calls of a task that nobody has started: they get no outcomes.

        What was lent is run all the same, unless it is given back.
        """
        task.abandoned = True
        if task.unstarted.count:
            task.done += task.unstarted.count
            task.unstarted.clear()
            del self._ready[task.serial]
            if task.done == task.calls:
                self._forget(task)
