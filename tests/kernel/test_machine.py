"""A state machine: a few workers and a broker, and any order of events that MPI allows.

Hypothesis chooses what happens next: a rank makes a task, runs a block, ticks, cancels, or a
message of any pair of ranks arrives, in order for that pair. After each step every call of every
task is in exactly one place in the whole job, messages on their way included.
"""

from __future__ import annotations

from collections import Counter, deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from scoop_mpi._kernel.broker import Broker
from scoop_mpi._kernel.protocol import (
    TO_BROKER,
    Actions,
    GiveBack,
    Lend,
    Message,
    Outcomes,
    Run,
    Send,
)
from scoop_mpi._kernel.task import Block, Task
from scoop_mpi._kernel.worker import Worker

RANKS = 3
RANK = st.integers(0, RANKS - 1)
KEYS = st.sampled_from(["short", "long"])
SECONDS = {"short": 1e-5, "long": 1e-2}


class Cargo:
    """Cargo of which nobody looks at the contents."""

    call_bytes = 0

    def cut(self, start: int, stop: int) -> None:
        """Return nothing."""


class Job(RuleBasedStateMachine):
    """Three ranks."""

    tasks = Bundle("tasks")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.workers = [Worker(rank, RANKS) for rank in range(RANKS)]
        self.broker = Broker()
        self.wires: dict[tuple[int, int], deque[Message]] = {
            (one, other): deque() for one in range(RANKS) for other in range(RANKS) if one != other
        }
        self.running: list[tuple[int, Block]] = []
        self.made: list[tuple[int, Task]] = []
        self.ran: Counter[tuple[int, int, int]] = Counter()

    # --- what can happen ---------------------------------------------------------------------

    @rule(target=tasks, rank=RANK, calls=st.integers(1, 12), key=KEYS)
    def make(self, rank: int, calls: int, key: str) -> tuple[int, Task]:
        """A rank makes a task."""
        task = self.workers[rank].new_task(calls, key, Cargo())
        self.made.append((rank, task))
        self.perform(rank, self.workers[rank].push(task))
        return rank, task

    @rule(rank=RANK)
    def turn(self, rank: int) -> None:
        """A rank looks for something to run."""
        self.perform(rank, self.workers[rank].turn(self.now))

    @rule(entry=tasks, index=st.integers(0, 11))
    def claim(self, entry: tuple[int, Task], index: int) -> None:
        """A caller waits for a call, and runs it if it is here."""
        rank, task = entry
        block = self.workers[rank].claim(task, index % task.calls, self.now)
        if block is not None:
            self.running.append((rank, block))

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 99), failed=st.booleans())
    def finish(self, which: int, *, failed: bool) -> None:
        """A block has been run."""
        rank, block = self.running.pop(which % len(self.running))
        calls = block.stop - block.start
        owner = rank if isinstance(block.source, Task) else block.source.owner
        for index in range(block.start, block.stop):
            self.ran[owner, block.source.serial, index] += 1
        seconds = SECONDS[block.source.key] * calls
        worker = self.workers[rank]
        self.perform(rank, worker.finished(block, "r", self.now, failed=failed, seconds=seconds))

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 99), keep=st.integers(1, 12))
    def cut(self, which: int, keep: int) -> None:
        """A call turns out long: what waits behind it is cut off."""
        rank, block = self.running[which % len(self.running)]
        if block.start + keep < block.stop:
            self.perform(rank, self.workers[rank].cut(block, block.start + keep))

    @rule(rank=RANK, seconds=st.sampled_from([1e-5, 1e-3, 1.0]))
    def tick(self, rank: int, seconds: float) -> None:
        """Time goes on, and a rank ticks."""
        self.now += seconds
        self.perform(rank, self.workers[rank].tick(self.now))

    @rule(entry=tasks)
    def cancel(self, entry: tuple[int, Task]) -> None:
        """A caller cancels a single call."""
        rank, task = entry
        if task.calls == 1:
            done, actions = self.workers[rank].cancel(task, "cancelled")
            if done:
                self.ran[rank, task.serial, 0] += 1
            self.perform(rank, actions)

    @rule(entry=tasks)
    def abandon(self, entry: tuple[int, Task]) -> None:
        """A caller wants no more of a task."""
        rank, task = entry
        self.workers[rank].abandon(task)

    @precondition(lambda self: any(self.wires.values()))
    @rule(which=st.integers(0, 99))
    def deliver(self, which: int) -> None:
        """The oldest message of some pair of ranks arrives."""
        pairs = [pair for pair, wire in self.wires.items() if wire]
        sender, to = pairs[which % len(pairs)]
        self.perform(to, self.take(sender, to, self.wires[sender, to].popleft()))

    # --- the driver --------------------------------------------------------------------------

    def take(self, sender: int, to: int, message: Message) -> Actions:
        """Give a message to its machine."""
        if type(message) in TO_BROKER:
            return self.broker.receive(sender, message)
        return self.workers[to].receive(sender, message, self.now)

    def perform(self, rank: int, actions: Actions) -> None:
        """Carry out actions."""
        queue = deque(actions)
        while queue:
            action = queue.popleft()
            if isinstance(action, Run):
                self.running.append((rank, action.block))
            elif isinstance(action, Send) and action.to == rank:
                queue.extend(self.take(rank, rank, action.message))
            elif isinstance(action, Send):
                self.wires[rank, action.to].append(action.message)

    # --- what must hold ----------------------------------------------------------------------

    @invariant()
    def machines_are_consistent(self) -> None:
        """Each machine validates itself."""
        self.broker.validate()
        for worker in self.workers:
            worker.validate()

    @invariant()
    def each_lent_call_is_in_one_place(self) -> None:
        """What an owner counts as lent is on its way, with its borrower, or on its way back."""
        lent = Counter(
            (rank, serial, number, index)
            for rank, worker in enumerate(self.workers)
            for serial, task in worker.tasks.items()
            for number, lease in task.leases.items()
            for start, stop in lease.missing
            for index in range(start, stop)
        )
        found = Counter(self.travelling())
        for _, block in self.running:
            if not isinstance(block.source, Task):
                loan = block.source
                for index in range(block.start, block.stop):
                    found[loan.owner, loan.serial, loan.lease, index] += 1
        for worker in self.workers:
            for loan in worker._loans:  # noqa: SLF001  no one else counts these
                for start, stop in loan.unstarted:
                    for index in range(start, stop):
                        found[loan.owner, loan.serial, loan.lease, index] += 1
            for owner, outbox in worker._outbox.items():  # noqa: SLF001  as above
                for done in outbox:
                    for index in range(done.start, done.stop):
                        found[owner, done.serial, done.lease, index] += 1
        assert found == lent

    def travelling(self) -> list[tuple[int, int, int, int]]:
        """Return (owner, serial, lease, index) of each lent call in a message."""
        calls = []
        for (sender, to), wire in self.wires.items():
            for message in wire:
                if isinstance(message, Lend):
                    owner, runs = sender, list(message.parts)
                elif isinstance(message, Outcomes):
                    owner, runs = to, list(message.done)
                elif isinstance(message, GiveBack):
                    owner, runs = to, [message]
                else:
                    continue
                for run in runs:
                    for index in range(run.start, run.stop):
                        calls.append((owner, run.serial, run.lease, index))  # noqa: PERF401
        return calls

    def settle(self) -> None:
        """Deliver everything and tick, until nothing is on its way."""
        for _ in range(3):
            while any(self.wires.values()):
                self.deliver(0)
            for rank in range(RANKS):
                self.tick(rank, 1.0)
        while any(self.wires.values()):
            self.deliver(0)

    def nobody_starves(self) -> None:
        """With nothing on its way: no hunger beside plenty, and the broker knows who hungers."""
        for rank, worker in enumerate(self.workers):
            if worker.lendable:
                assert self.broker.hungry <= {rank}, self.broker
            stands = worker._requesting  # noqa: SLF001  as above
            assert stands == (rank in self.broker.hungry), self.broker

    def teardown(self) -> None:
        """Let the job run to its end: each call has run once, and its outcome has come once."""
        self.settle()
        self.nobody_starves()
        for _ in range(1000):
            while self.running:
                self.finish(0, failed=False)
            while any(self.wires.values()):
                self.deliver(0)
            for rank in range(RANKS):
                self.turn(rank)
                self.tick(rank, 1e-3)
            if not self.running and all(worker.idle for worker in self.workers):
                break
        else:
            raise AssertionError(f"no end: {self.workers}, {self.broker}")
        self.settle()
        self.machines_are_consistent()
        self.nobody_starves()
        for rank, task in self.made:
            assert task.finished
            runs = [self.ran[rank, task.serial, index] for index in range(task.calls)]
            assert max(runs) <= 1 if task.abandoned else set(runs) == {1}
            arrived = sorted((start, stop) for start, (stop, _, _) in task.arrived.items())
            assert sum(stop - start for start, stop in arrived) == sum(runs)
        assert self.broker.hungry == frozenset(range(RANKS))


Job.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestJob = Job.TestCase
