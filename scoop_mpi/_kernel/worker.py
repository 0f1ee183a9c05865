"""The part of every rank that owns, runs, lends and borrows tasks.

Theory of operation. A rank keeps the tasks that were made on it, oldest first. Whoever runs there
takes calls from the *newest* task, front first, so that a tree is walked depth first and memory
stays small; borrowers get calls from the *oldest* task, back first, since that is where most work
hangs. A rank that is about to run dry tells the broker once, and keeps its request standing until
work has come.

The class is written in four files, each on top of the one before:

    owner.py      what was made here, what has arrived for it, who waits for that
    lender.py     calls that are lent to other ranks, and come back
    recovery.py   calls whose rank was lost
    worker.py     calls that run here, own ones and borrowed ones; hunger; messages

The one who drives a Worker (a real loop, or the virtual cluster) calls

    push(task)            calls have been made here
    push_to(task, rank)   a call has been made here that is for that very rank
    turn(now)             what shall this rank do next? (`Run` a block, or nothing)
    claim(task, index)    the caller waits for this very call: may it run it itself?
    finished(block, ...)  a block has been run
    tick(now)             about every millisecond while user code runs
    receive(...)          a message has come

and carries out the actions that come back, in order. It never calls from within.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.protocol import (
    BROKER,
    UNASKED,
    UNKNOWN_S,
    Actions,
    Ask,
    Done,
    Fed,
    GiveBack,
    Hungry,
    Lend,
    Lost,
    Message,
    Outcomes,
    Run,
    Send,
)
from scoop_mpi._kernel.recovery import Recovery
from scoop_mpi._kernel.task import Block, Loan, Task


class Worker(Recovery):
    """Tasks, leases and loans of one rank.

    Attributes:
        parked: How many calls are parked here in a wait; its driver keeps it.
    """

    def __init__(self, rank: int, ranks: int) -> None:
        super().__init__(rank, ranks)
        self.parked = 0
        self._lead_s = policy.lead_s(ranks)
        self._short_s = max(policy.SHORT_S, self._lead_s)
        self._spares_itself = rank == BROKER and not policy.root_may_run(ranks, None)
        """Whether the Broker needs this rank's time, so that long calls are left to others."""
        self.picks: bool = self._spares_itself
        """Whether it is to be asked before an own call is run here."""
        self._loans: deque[Loan] = deque()
        """Borrowed work with unstarted calls, oldest first; before it, what is bound to this rank."""
        self.bound: int = 0
        """How many of them are bound: nothing else is started before these."""
        self._borrowed = 0
        """Loans of which any call is unstarted or running here."""
        self._request = 0
        self._requesting = False
        self._plenty = False
        """Whether the latest lender had more for everybody."""
        self.unconfirmed: int = 0
        """The request that was served and of which the broker has not heard yet."""
        self._turn_at = 0.0
        self.expected_s: float = 0.0
        """When this rank last chose what to run, and how long that was expected to take."""
        self._outbox: dict[int, list[Done]] = {}
        self._outbox_due = 0.0
        """When the outbox must leave at the latest."""
        self._held: list[tuple[int, Lend | Outcomes]] = []
        """Messages that know of constants which have not come here yet."""

    def __repr__(self) -> str:
        return (
            f"Worker({self.rank}: {len(self.tasks)} tasks, {len(self._ready)} ready, "
            f"{self._borrowed} loans, {self.parked} parked, "
            f"request {self._request}{' stands' if self._requesting else ''})"
        )

    def push_to(self, task: Task, rank: int) -> Actions:
        """Take a new task of a single call, which is to run on that very rank and on no other."""
        if rank == self.rank:
            task.begin(1, running=True)
            return [*self.push(task), Run(Block(task, 0, 1))]
        self.tasks[task.serial] = task
        task.unstarted.clear()
        if rank in self.lost:
            task.losses[0] = 0
            return self._give_up(task, 0, f"rank {rank} was lost before")
        part = self._lease(task, rank, 0, 1, None)
        return [Send(rank, Lend(UNASKED, (part,), self.constants.number))]

    # --- run here ----------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """Whether so many calls are parked here that this rank takes no foreign work."""
        return self.parked >= (policy.PARKED_AFTER_LOSS if self.lost else policy.PARKED)

    @property
    def has_work(self) -> bool:
        """Whether `turn` would find something to run."""
        return self._choose() is not None

    def _choose(self) -> Task | Loan | None:
        """Return the newest own task, or else the oldest loan, that this rank may run."""
        if self.closing:
            return None
        if self._ready:
            newest = self._ready[next(reversed(self._ready))]
            if not self.picks or self._may_run(newest):
                return newest
        if self._loans and (self.bound or not self.full):
            return self._loans[0]
        return None

    def _may_run(self, task: Task) -> bool:
        return not self.bound and policy.root_may_run(self.ranks, self.durations.expect(task.key))

    def turn(self, now: float) -> Actions:
        """Choose the next block to run, and ask for more before this rank is dry."""
        source = self._choose()
        if source is None:
            return self.dry(now)
        actions: Actions = []
        call_s = self.durations.expect(source.key)
        # A loan is a part of its borrower's share already: it is for nobody else.
        sharers = 1 if isinstance(source, Loan) else self.ranks
        calls = policy.block(source.unstarted.count, sharers, call_s)
        expected_s = policy.SHORT_S if call_s is None else call_s * calls
        if self._outbox and now + expected_s > self._outbox_due:
            actions += self._flush()
        block = self._take(source, *source.unstarted.take_front(calls))
        if (expected_s < self._short_s or self._plenty) and self._nearly_dry(expected_s):
            actions += self._ask_for_work()
        if self.unconfirmed and expected_s >= policy.PROMPT_S:
            actions += self._confirm()
        self._turn_at = now
        self.expected_s = expected_s
        actions.append(Run(block))
        return actions

    def dry(self, now: float) -> Actions:
        """There is nothing to run here: send what was collected, and ask for work, once."""
        actions = self._flush() if self._outbox else []
        actions += self._ask_for_work()
        if self.unconfirmed:
            actions += self._confirm()
        self._turn_at = now
        self.expected_s = 0.0
        return actions

    def claim(self, task: Task, index: int, now: float) -> Block | None:
        """Claim calls from `index` on, for a caller who waits for them; None if they are away."""
        unstarted = task.unstarted
        if not unstarted.count or self.closing or (self.picks and not self._may_run(task)):
            return None
        if task.calls == 1:
            unstarted.clear()
            task.running = 1
            del self._ready[task.serial]
            self._turn_at = now
            self.expected_s = 0.0
            return Block(task, 0, 1)
        call_s = self.durations.expect(task.key)
        calls = policy.block(unstarted.count, self.ranks, call_s)
        run = unstarted.take_at(index, calls)
        if run is None:
            return None
        self._turn_at = now
        self.expected_s = calls * (call_s or 0.0)
        return self._take(task, *run)

    def ran_draft(self, key: str, seconds: float, now: float, *, last: bool) -> None:
        """Note that a call was run which is no task's; the last of those that would have been one task."""
        self._serials += last
        self.counts["run"] += 1
        self.durations.note(key, seconds, 1)
        self._turn_at = now
        self.expected_s = 0.0

    def _take(self, source: Task | Loan, start: int, stop: int) -> Block:
        """Book calls, already cut from `unstarted`, as running."""
        source.running += stop - start
        if not source.unstarted.count:
            if isinstance(source, Task):
                del self._ready[source.serial]
            else:
                self._loans.remove(source)
                if source.bound:
                    self._bind(-1)
        return Block(source, start, stop)

    def _bind(self, number: int) -> None:
        """Book bound loans that have come, or gone."""
        self.bound += number
        self.picks = self._spares_itself or self.bound > 0

    def _nearly_dry(self, running_s: float) -> bool:
        """Return whether what is left here, beside the running block, is not worth the wait."""
        if self._requesting or self._ready or len(self._loans) > policy.LAST_LOANS:
            return False
        left_s = 0.0
        for loan in self._loans:
            call_s = self.durations.expect(loan.key)
            left_s += (policy.SHORT_S if call_s is None else call_s) * loan.unstarted.count
        return left_s < self._lead_s and left_s + running_s >= policy.PROMPT_S

    def _ask_for_work(self) -> Actions:
        if self._requesting or self.ranks == 1 or self.full:
            return []
        if self._spares_itself:
            return []
        self._requesting = True
        self.unconfirmed = 0  # the broker takes a new request as the end of the one before
        self._request += 1
        return [Send(BROKER, Hungry(self._request))]

    def _confirm(self) -> Actions:
        confirmed, self.unconfirmed = self.unconfirmed, 0
        return [Send(BROKER, Fed(confirmed))]

    def finished(
        self, block: Block, payload: Any, now: float, *, failed: bool, seconds: float | None
    ) -> Actions:
        """Take the outcomes of a block. `seconds` excludes waits; None if nobody timed it."""
        source = block.source
        calls = block.stop - block.start
        self.counts["run"] += calls
        if seconds is not None:
            self.durations.note(source.key, seconds, calls)
        source.running -= calls
        if type(source) is Task:
            return self._arrive(source, block.start, block.stop, payload, failed=failed)
        if not source.running and not source.unstarted.count:
            self._borrowed -= 1
        if source.owner in self.lost:
            self.counts["dropped"] += calls
            return []  # nobody waits
        if source.owner == self.rank:
            return []  # for an initializer neither
        if not self._outbox:
            self._outbox_due = now + policy.outbox_s(self.ranks)
        if failed or not (source.running or source.unstarted.count):
            self._outbox_due = min(self._outbox_due, now + policy.OUTBOX_S)
        self._outbox.setdefault(source.owner, []).append(
            Done(
                source.serial,
                source.lease,
                block.start,
                block.stop,
                failed,
                UNKNOWN_S if seconds is None else seconds,
                payload,
            )
        )
        return []

    def cut(self, block: Block, stop: int) -> Actions:
        """Take calls `stop` and later, none of which has started, out of a running block.

        On their owner they can be lent at once; a borrower gives them back at its next tick.
        """
        source = block.source
        fresh = not source.unstarted.count
        source.running -= block.stop - stop
        if isinstance(source, Loan) and source.owner in self.lost:
            self.counts["dropped"] += block.stop - stop
            block.stop = stop
            return []
        source.unstarted.add(stop, block.stop)
        block.stop = stop
        if isinstance(source, Task):
            if fresh:
                self._make_ready(source)
            if source.abandoned:
                self.abandon(source)
            return self._tell_surplus()
        if fresh:
            self._loans.append(source)
        return []

    def _flush(self) -> Actions:
        """Send the outcomes that were collected."""
        outbox, self._outbox = self._outbox, {}
        known = self.constants.number
        return [Send(owner, Outcomes(tuple(done), known)) for owner, done in outbox.items()]

    # --- time --------------------------------------------------------------------------------

    def tick(self, now: float) -> Actions:
        """Do what cannot wait for the running call to end: tell surplus, flush, give back."""
        actions = self._tell_surplus()
        if self.unconfirmed:
            actions += self._confirm()
        if self._outbox and now > self._outbox_due:
            actions += self._flush()
        if self._doubtful and self.rank != BROKER:
            # All others may be full of parked calls, which wait for these in the end.
            actions += self._take_doubtful_back("", now - policy.DOUBT_S)
        stuck = now - self._turn_at > policy.patience_s(self.expected_s)
        if len(self._loans) > self.bound and (stuck or self.full):
            actions += self._give_back()
        return actions

    def _give_back(self) -> Actions:
        """Return every borrowed call that is not started to its owner."""
        actions: Actions = []
        bound = [self._loans.popleft() for _ in range(self.bound)]
        for loan in self._loans:
            while loan.unstarted.count:
                start, stop = loan.unstarted.take_front(loan.unstarted.count)
                self.counts["given back"] += stop - start
                actions.append(Send(loan.owner, GiveBack(loan.serial, loan.lease, start, stop)))
            if not loan.running:
                self._borrowed -= 1
        self._loans = deque(bound)
        return actions

    # --- messages ----------------------------------------------------------------------------

    def receive(self, sender: int, message: Message, now: float) -> Actions:
        """Take a message that is for this rank's worker."""
        if type(message) is Ask:
            return self._on_ask(message)
        if type(message) is Outcomes or type(message) is Lend:
            if message.constants > self.constants.number:
                self._held.append((sender, message))
                return []
            if isinstance(message, Outcomes):
                return self._on_outcomes(message)
            return self._on_lend(sender, message)
        if type(message) is GiveBack:
            return self._on_give_back(message, now)
        if type(message) is Lost:
            return self._on_lost(message.rank, message.why, now)
        actions = self.constants.receive(sender, message)
        for key, encoded in self.constants.take_initializers():
            self._bound_loan(Loan(self.rank, 0, 0, 0, 1, key, (None, encoded), bound=True))
        if self._held:
            held, self._held = self._held, []
            for owner, waiting in held:
                actions += self.receive(owner, waiting, now)
        return actions

    def _bound_loan(self, loan: Loan) -> None:
        self._borrowed += 1
        self._loans.insert(self.bound, loan)
        self._bind(1)

    def _on_unasked(self, sender: int, message: Lend) -> Actions:
        """Take what is for this very rank."""
        for part in message.parts:
            self.counts["borrowed"] += part.stop - part.start
            serial, lease, start, stop, key, _, cargo = part
            self._bound_loan(Loan(sender, serial, lease, start, stop, key, cargo, bound=True))
        return []

    def _on_lend(self, sender: int, message: Lend) -> Actions:
        if message.request == UNASKED:
            return self._on_unasked(sender, message)
        for part in message.parts:
            self.durations.hint(part.key, part.seconds)
            self.counts["borrowed"] += part.stop - part.start
            self._borrowed += 1
            self._loans.append(
                Loan(sender, part.serial, part.lease, part.start, part.stop, part.key, part.cargo)
            )
        self._plenty = message.plenty
        if message.request == self._request:  # else: asked for anew, after a loss, and came twice
            self._requesting = False
            self.unconfirmed = message.request
        return []

    # --- losses ------------------------------------------------------------------------------

    def _on_lost(self, rank: int, why: str, now: float) -> Actions:
        """Forget a rank: what we hold of its is dropped, what it held of ours is lent again."""
        self.lost.add(rank)
        self._drop_loans_of(rank)
        for done in self._outbox.pop(rank, ()):
            self.counts["dropped"] += done.stop - done.start
        self._held = [entry for entry in self._held if entry[0] != rank]
        if not self._others:
            self._spares_itself = False
            self._bind(0)
        return self.constants.lose(rank) + self._recover(rank, why, now)

    def _drop_loans_of(self, owner: int) -> None:
        """Drop borrowed calls of a lost owner that have not started; nobody waits for the others."""
        for loan in [loan for loan in self._loans if loan.owner == owner]:
            self.counts["dropped"] += loan.unstarted.count
            loan.unstarted.clear()
            self._loans.remove(loan)
            if loan.bound:
                self._bind(-1)
            if not loan.running:
                self._borrowed -= 1

    # --- for tests and statistics ------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether this rank holds no task, no loan and no outcome that is still to be sent."""
        return not (self.tasks or self._borrowed or self._outbox or self._held)

    def validate(self) -> None:
        """Assert what must hold between any two events."""
        self.constants.validate()
        for serial, task in self.tasks.items():
            task.validate()
            assert serial == task.serial and not task.finished, task
            assert (serial in self._ready) == bool(task.unstarted.count), task
        assert set(self._ready) <= set(self.tasks), self
        doubtful = sum(task.doubtful for task in self.tasks.values())
        assert doubtful == len(self._doubtful), self
        for loan in self._loans:
            loan.unstarted.validate()
            assert loan.unstarted.count and loan.owner not in self.lost, self
        bound = [loan.bound for loan in self._loans]
        assert bound == [True] * self.bound + [False] * (len(bound) - self.bound), self
        assert not any(sender in self.lost for sender, _ in self._held), self
