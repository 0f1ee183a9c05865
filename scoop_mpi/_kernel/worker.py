"""The part of every rank that owns, runs, lends and borrows tasks.

Theory of operation. A rank keeps the tasks that were made on it, oldest first. Whoever runs there
takes calls from the *newest* task, front first, so that a tree is walked depth first and memory
stays small; borrowers get calls from the *oldest* task, back first, since that is where most work
hangs. A rank that is about to run dry tells the broker once, and keeps its request standing until
work has come.

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

import math
from collections import OrderedDict, deque
from collections.abc import Callable, MutableSequence, Sequence
from typing import Any

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.constants import INITIALIZER, Store
from scoop_mpi._kernel.protocol import (
    BROKER,
    UNASKED,
    UNKNOWN_S,
    Actions,
    Ask,
    Constants,
    Denied,
    Done,
    Fed,
    GiveBack,
    Hungry,
    Lend,
    Lost,
    Message,
    Outcomes,
    Part,
    Refuse,
    Resume,
    Run,
    Send,
    Surplus,
)
from scoop_mpi._kernel.ranked import Ranked
from scoop_mpi._kernel.task import Block, Cargo, Lease, Loan, Task
from scoop_mpi._kernel.wait import Wait


class Worker:
    """Tasks, leases and loans of one rank.

    Attributes:
        rank: This rank.
        ranks: How many ranks the job has.
        parked: How many calls are parked here in a wait; its driver keeps it.
        lost: Ranks that were given up. What still comes from them is not to be handed on.
        retries: How often a call may be run again whose rank was lost.
        kept: Serial of a task whose outcomes are kept -> where to put (serial, start, stop, failed,
            payload) of each run of them.
        closing: Whether nothing is started or lent any more.
        loss_payload: Makes the outcome of a call that was lost too often: called with its task and
            the words for the latest loss.
        counts: What happened so far, for statistics.
    """

    def __init__(self, rank: int, ranks: int) -> None:
        self.rank = rank
        self.ranks = ranks
        self.parked = 0
        self.lost: set[int] = set()
        self.retries = policy.RETRIES
        self.loss_payload: Callable[[Task, str], Any] = lambda _, why: why
        self.kept: dict[int, MutableSequence[tuple[int, int, int, bool, Any]]] = {}
        self.closing = False
        self._lead_s = policy.lead_s(ranks)
        self._short_s = max(policy.SHORT_S, self._lead_s)
        self._spares_itself = rank == BROKER and not policy.root_may_run(ranks, None)
        """Whether the Broker needs this rank's time, so that long calls are left to others."""
        self._picks = self._spares_itself
        """Whether `_may_run` is to be asked before an own call is run here."""
        self.durations = policy.Durations()
        self.constants = Store()
        self.tasks: dict[int, Task] = {}
        """Every own task that is not finished."""
        self._ready: OrderedDict[int, Task] | Ranked = OrderedDict()
        """Those with unstarted calls, oldest first; `Ranked` once there are priorities."""
        self._doubtful: deque[tuple[Task, int, float]] = deque()
        """Own calls whose rank was lost, oldest first, and since when they wait for another."""
        self._loans: deque[Loan] = deque()
        """Borrowed work with unstarted calls, oldest first; before it, what is bound to this rank."""
        self.bound = 0
        """How many of them are bound: nothing else is started before these."""
        self._borrowed = 0
        """Loans of which any call is unstarted or running here."""
        self.unseen: dict[int, Task] = {}
        """Tasks with a failure that nobody has looked at."""
        self._serials = 0
        self._leases = 0
        self._request = 0
        self._requesting = False
        self._plenty = False
        """Whether the latest lender had more for everybody."""
        self.unconfirmed = 0
        """The request that was served and of which the broker has not heard yet."""
        self._told_surplus = False
        self._turn_at = 0.0
        self.expected_s = 0.0
        """When this rank last chose what to run, and how long that was expected to take."""
        self._outbox: dict[int, list[Done]] = {}
        self._outbox_due = 0.0
        """When the outbox must leave at the latest."""
        self._held: list[tuple[int, Lend | Outcomes]] = []
        """Messages that know of constants which have not come here yet."""
        names = ("run", "lent", "borrowed", "given back", "refused", "lost")
        self.counts = dict.fromkeys(names, 0)

    def __repr__(self) -> str:
        return (
            f"Worker({self.rank}: {len(self.tasks)} tasks, {len(self._ready)} ready, "
            f"{self._borrowed} loans, {self.parked} parked, "
            f"request {self._request}{' stands' if self._requesting else ''})"
        )

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
        if self._told_surplus or self.ranks == 1:
            return []
        call_s = self.durations.expect(task.key)
        if call_s is not None and call_s * task.calls < policy.WORTH_LENDING_S:
            return []
        return self._tell_surplus()

    def push_to(self, task: Task, rank: int) -> Actions:
        """Take a new task of a single call, which is to run on that very rank and on no other."""
        self.tasks[task.serial] = task
        task.unstarted.clear()
        if rank == self.rank:
            task.running = 1
            return [Run(Block(task, 0, 1))]
        if rank in self.lost:
            task.losses[0] = 0
            return self._give_up(task, 0, f"rank {rank} was lost before")
        part = self._lease(task, rank, 0, 1, None)
        return [Send(rank, Lend(UNASKED, (part,), self.constants.number))]

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
        if self._told_surplus or not (self._ready or self._doubtful) or self.ranks == 1:
            return []
        self._told_surplus = True
        return [Send(BROKER, Surplus())]

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
            if not self._picks or self._may_run(newest):
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
        calls = policy.block(source.unstarted.count, self.ranks, call_s)
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
        if not unstarted.count or self.closing or (self._picks and not self._may_run(task)):
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
        self._picks = self._spares_itself or self.bound > 0

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
        if source.owner in self.lost or source.owner == self.rank:
            return []  # nobody waits; for an initializer neither
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

    def _make_ready(self, task: Task) -> None:
        """File a task that has unstarted calls again, as the oldest."""
        self._ready[task.serial] = task
        self._ready.move_to_end(task.serial, last=False)

    def _flush(self) -> Actions:
        """Send the outcomes that were collected."""
        outbox, self._outbox = self._outbox, {}
        known = self.constants.number
        return [Send(owner, Outcomes(tuple(done), known)) for owner, done in outbox.items()]

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
        if type(message) is Constants:
            self.constants.learn(self.rank, message)
            self._take_initializers(message)
            held, self._held = self._held, []
            return [
                action for sender, waiting in held for action in self.receive(sender, waiting, now)
            ]
        if type(message) is Denied:
            self.constants.verdicts[message.ticket] = message
            return []
        if type(message) is Lost:
            return self._on_lost(message.rank, message.why, now)
        raise TypeError(f"rank {self.rank}: {type(message).__name__} is not for a worker")

    def _on_ask(self, message: Ask) -> Actions:
        if not self.can_lend_to(message.borrower):
            self._told_surplus = False
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
            oldest.largest_piece = max(calls, oldest.largest_piece)
            return (self._lend(oldest, borrower, calls, call_s),)
        if len(self._ready) == 1:
            return (self._lend(oldest, borrower, 1, call_s),)
        siblings = self._siblings(oldest)
        calls = policy.piece(len(siblings), self.ranks, call_s, policy.BUNDLE)
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

    def _take_initializers(self, message: Constants) -> None:
        """Let initializers run here before anything else; their definer has run them itself."""
        if message.definer == self.rank:
            return
        for name, encoded in message.items:
            if name.startswith(INITIALIZER):
                key = name.removeprefix(INITIALIZER)
                self._bound_loan(Loan(self.rank, 0, 0, 0, 1, key, (None, encoded), bound=True))

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

    def _on_outcomes(self, message: Outcomes) -> Actions:
        actions: Actions = []
        for serial, number, start, stop, failed, seconds, payload in message.done:
            task = self.tasks.get(serial)
            lease = task.leases.get(number) if task else None
            if task is None or lease is None or not lease.missing.remove(start, stop):
                continue  # late: this lease is no more
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
        if message.start in task.losses:  # it was lent alone
            self._doubt(task, message.start, now)
            return self._tell_surplus()
        if not task.unstarted.count:
            self._make_ready(task)
        task.unstarted.add(message.start, message.stop)
        if task.abandoned:
            self.abandon(task)
        return self._tell_surplus()

    # --- losses ------------------------------------------------------------------------------

    def _on_lost(self, rank: int, why: str, now: float) -> Actions:
        """Forget a rank: what it held of ours is lent again, what we hold of its is dropped."""
        self.lost.add(rank)
        self._drop_loans_of(rank)
        self._outbox.pop(rank, None)
        self._held = [entry for entry in self._held if entry[0] != rank]
        if not self._others:
            self._spares_itself = False
            self._bind(0)
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

    def _drop_loans_of(self, owner: int) -> None:
        """Drop borrowed calls of a lost owner that have not started; nobody waits for the others."""
        for loan in [loan for loan in self._loans if loan.owner == owner]:
            loan.unstarted.clear()
            self._loans.remove(loan)
            if loan.bound:
                self._bind(-1)
            if not loan.running:
                self._borrowed -= 1

    def _lose(self, task: Task, index: int, why: str, now: float) -> Actions:
        """Book that a call's rank was lost: it runs again, unless that was once too often."""
        losses = task.losses[index] = task.losses.get(index, 0) + 1
        self.counts["lost"] += 1
        if losses > (self.retries if task.retries is None else task.retries):
            return self._give_up(task, index, why)
        self._doubt(task, index, now)
        return []

    def _doubt(self, task: Task, index: int, now: float) -> None:
        task.doubtful += 1
        self._doubtful.append((task, index, now))

    def _lend_doubtful(self, borrower: int) -> tuple[Part, ...]:
        """Lend one call alone, so that a further loss tells which call it was."""
        task, index, _ = self._doubtful.popleft()
        task.doubtful -= 1
        call_s = self.durations.expect(task.key)
        return (self._lease(task, borrower, index, index + 1, call_s),)

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

    def can_lend_to(self, borrower: int) -> bool:
        """Return whether there are calls that this rank may run: the root is spared those in doubt."""
        if self.closing:
            return False
        if borrower != BROKER:
            return bool(self._ready or self._doubtful)
        return bool(self._ready) and not (
            self.lost and any(task.losses for task in self._ready.values())
        )

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
    def idle(self) -> bool:
        """Whether this rank holds no task, no loan and no outcome that is still to be sent."""
        return not (self.tasks or self._borrowed or self._outbox or self._held)

    @property
    def lendable(self) -> bool:
        """Whether this rank has calls that it could lend."""
        return bool(self._ready or self._doubtful)

    def validate(self) -> None:
        """Assert what must hold between any two events."""
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
