"""How a rank gets back what lost ranks held of it.

The owner is the recovery: it remembers which calls a rank held. Nobody knows which of them killed the
rank, if any did, so each is in doubt: it is lent again, alone, and a further loss tells which call it
was. After some losses (`retries`) the call is given up, and its caller gets an error.

Where no other rank is left, calls in doubt run on their owner. The root runs such a call only if it
was lost once: if it were lost as well, all would be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.lender import Lender
from scoop_mpi._kernel.protocol import BROKER, Actions
from scoop_mpi._kernel.task import Task


class Recovery(Lender):
    """A lender that outlives its borrowers.

    Attributes:
        retries: How often a call may be run again whose rank was lost.
        loss_payload: Makes the outcome of a call that was lost too often: called with its task and
            the words for the latest loss.
    """

    def __init__(self, rank: int, ranks: int) -> None:
        super().__init__(rank, ranks)
        self.retries = policy.RETRIES
        self.loss_payload: Callable[[Task, str], Any] = lambda _, why: why

    def _recover(self, rank: int, why: str, now: float) -> Actions:
        """Lend again what a lost rank held of ours."""
        actions: Actions = []
        for task in list(self.tasks.values()):
            leases = [number for number, lease in task.leases.items() if lease.borrower == rank]
            for lease in [task.leases.pop(number) for number in leases]:
                for start, stop in list(lease.missing):
                    for index in range(start, stop):
                        actions += self._lose(task, index, why, now)
        if not self._others:
            actions += self._take_doubtful_back(why)
        return actions + self._tell_surplus()

    @property
    def _others(self) -> int:
        """How many ranks, beside this one and the root, are left."""
        return self.ranks - 1 - len(self.lost) - (self.rank != BROKER)

    def _lose(self, task: Task, index: int, why: str, now: float) -> Actions:
        """Book that a call's rank was lost: it runs again, unless that was once too often."""
        losses = task.losses[index] = task.losses.get(index, 0) + 1
        self.counts["lost"] += 1
        if losses > (self.retries if task.retries is None else task.retries):
            return self._give_up(task, index, why)
        self._doubt(task, index, now)
        return []

    def _take_doubtful_back(self, why: str, since: float = math.inf) -> Actions:
        """Let calls in doubt, those of `since` or before, run here: no other rank can.

        The root gives those up that were lost with two ranks: were it lost as well, all would be.
        """
        actions: Actions = []
        while self._doubtful and self._doubtful[0][2] <= since:
            task, index, _ = self._doubtful.popleft()
            task.doubtful -= 1
            if self.rank == BROKER and task.losses[index] > 1:
                actions += self._give_up(task, index, why)
                continue
            if not task.unstarted.count:
                self._make_ready(task)
            task.unstarted.add(index, index + 1)
            if task.abandoned:
                self.abandon(task)
        return actions

    def _give_up(self, task: Task, index: int, why: str) -> Actions:
        payload = self.loss_payload(task, why)
        return self._arrive(task, index, index + 1, payload, failed=True)
