"""How a rank lends its calls to others, and takes their outcomes, or the calls, back.

Borrowers get calls from the *oldest* task, back first, since that is where most work hangs. How many
`_kernel.policy` says; short calls of one kind that were submitted singly go together. A lease tells
which calls a borrower still has: what comes for a lease that is no more is late, and is ignored.

Calls in doubt, whose rank was lost, are lent first, each alone, and never to the root.
"""

from __future__ import annotations

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.constants import Store
from scoop_mpi._kernel.owner import Owner
from scoop_mpi._kernel.protocol import (
    BROKER,
    UNKNOWN_S,
    Actions,
    Ask,
    GiveBack,
    Lend,
    Outcomes,
    Part,
    Refuse,
    Send,
)
from scoop_mpi._kernel.task import Lease, Task


class Lender(Owner):
    """An owner whose calls run on other ranks, too.

    Attributes:
        lost: Ranks that were given up. What still comes from them is not to be handed on.
        closing: Whether nothing is started or lent any more.
    """

    def __init__(self, rank: int, ranks: int) -> None:
        super().__init__(rank, ranks)
        self.lost: set[int] = set()
        self.closing = False
        self.constants: Store = Store(rank, ranks)
        self._leases = 0

    # --- lending -----------------------------------------------------------------------------

    def can_lend_to(self, borrower: int) -> bool:
        """Return whether there are calls that this rank may run: the root is spared those in doubt."""
        if self.closing:
            return False
        if borrower != BROKER:
            return bool(self._ready or self._doubtful)
        return bool(self._ready) and not (
            self.lost and any(task.losses for task in self._ready.values())
        )

    def _on_ask(self, message: Ask) -> Actions:
        if not self.can_lend_to(message.borrower):
            self.told_surplus = False
            self.counts["refused"] += 1
            return [Send(BROKER, Refuse(message.borrower, message.request))]
        doubtful = self._doubtful and message.borrower != BROKER
        lend = self._lend_doubtful if doubtful else self._cut
        parts = lend(message.borrower)
        plenty = policy.is_plenty(self._left(parts[0].serial), self.ranks)
        loan = Lend(message.request, parts, self.constants.number, plenty)
        return [Send(message.borrower, loan)]

    def _left(self, serial: int) -> int:
        """Return how many more calls like those just lent could be lent."""
        task = self._ready.get(serial)
        return len(self._ready) if task is None else task.unstarted.count

    def _cut(self, borrower: int) -> tuple[Part, ...]:
        """Cut a piece from the oldest task; several of its siblings if these are single calls."""
        oldest = self._ready[next(iter(self._ready))]
        call_s = self.durations.expect(oldest.key)
        if oldest.calls > 1:
            calls = policy.piece(oldest.unstarted.count, self.ranks, call_s, oldest.largest_piece)
            calls = policy.fitting(calls, _call_bytes(oldest))
            oldest.largest_piece = max(calls, oldest.largest_piece)
            return (self._lend(oldest, borrower, calls, call_s),)
        if len(self._ready) == 1:
            return (self._lend(oldest, borrower, 1, call_s),)
        siblings = self._siblings(oldest)
        calls = policy.piece(len(siblings), self.ranks, call_s, policy.BUNDLE)
        calls = policy.fitting(calls, max(map(_call_bytes, siblings[:calls])))
        return tuple(self._lend(task, borrower, 1, call_s) for task in siblings[:calls])

    def _siblings(self, oldest: Task) -> list[Task]:
        """Return single calls of the same callable made by the same call, oldest first."""
        siblings = []
        for task in self._ready.values():
            if task.group != oldest.group or task.key != oldest.key or task.calls > 1:
                break
            siblings.append(task)
            if len(siblings) == policy.BUNDLE:
                break
        return siblings

    def _lend(self, task: Task, borrower: int, calls: int, call_s: float | None) -> Part:
        start, stop = task.unstarted.take_back(calls)
        if not task.unstarted.count:
            del self._ready[task.serial]
        return self._lease(task, borrower, start, stop, call_s)

    def _lend_doubtful(self, borrower: int) -> tuple[Part, ...]:
        """Lend one call alone, so that a further loss tells which call it was."""
        task, index, _ = self._doubtful.popleft()
        task.doubtful -= 1
        call_s = self.durations.expect(task.key)
        return (self._lease(task, borrower, index, index + 1, call_s),)

    def _lease(
        self, task: Task, borrower: int, start: int, stop: int, call_s: float | None
    ) -> Part:
        self._leases += 1
        task.leases[self._leases] = Lease(borrower, start, stop)
        self.counts["lent"] += stop - start
        seconds = UNKNOWN_S if call_s is None else call_s
        assert task.cargo is not None
        cargo = task.cargo.cut(start, stop)
        return Part(task.serial, self._leases, start, stop, task.key, seconds, cargo)

    # --- taking back -------------------------------------------------------------------------

    def _on_outcomes(self, message: Outcomes) -> Actions:
        actions: Actions = []
        for serial, number, start, stop, failed, seconds, payload in message.done:
            task = self.tasks.get(serial)
            lease = task.leases.get(number) if task else None
            if task is None or lease is None or not lease.missing.remove(start, stop):
                self.counts["late"] += stop - start
                continue  # this lease is no more
            if not lease.missing.count:
                del task.leases[number]
            if seconds >= 0.0:
                self.durations.note(task.key, seconds, stop - start)
            actions += self._arrive(task, start, stop, payload, failed=failed)
        return actions

    def _on_give_back(self, message: GiveBack, now: float) -> Actions:
        task = self.tasks.get(message.serial)
        lease = task.leases.get(message.lease) if task else None
        if task is None or lease is None:
            return []
        if not lease.missing.remove(message.start, message.stop):
            return []
        if not lease.missing.count:
            del task.leases[message.lease]
        fresh = not task.unstarted.count
        task.unstarted.add(message.start, message.stop)
        if task.losses:
            for index in range(message.start, message.stop):
                if index in task.losses:
                    task.unstarted.remove(index, index + 1)
                    self._doubt(task, index, now)
        if fresh and task.unstarted.count:
            self._make_ready(task)
        if task.abandoned:
            self.abandon(task)
        return self._tell_surplus()

    def _doubt(self, task: Task, index: int, now: float) -> None:
        task.doubtful += 1
        self._doubtful.append((task, index, now))

    # --- for tests and statistics ------------------------------------------------------------

    @property
    def longest_s(self) -> float:
        """What the longest known call that is still to be started takes."""
        known = (self.durations.expect(task.key) for task in self._ready.values())
        return max((call_s for call_s in known if call_s is not None), default=0.0)

    @property
    def lent(self) -> bool:
        """Whether other ranks hold calls of this one."""
        return any(task.leases for task in self.tasks.values())

    @property
    def lendable(self) -> bool:
        """Whether this rank has calls that it could lend."""
        return bool(self._ready or self._doubtful)


def _call_bytes(task: Task) -> int:
    assert task.cargo is not None
    return task.cargo.call_bytes
