"""One virtual rank: the loop that drives a Worker (and, on rank 0, the Broker and the Registry).

It does what the real loop does, on the virtual clock:

1. Messages that have come are handled first, one at a time.
2. Then a strand of user code whose wait is over goes on.
3. Then `Worker.turn` chooses a block, which runs in a fresh strand; but while a timed wait offers
   its calls to others, this rank starts nothing.
4. Else the rank sleeps until a message comes, and looks around every 10 ms or so.

While user code computes, only the ticker acts: every millisecond it handles what has come, cuts
blocks in which a call turned out long, and calls `Worker.tick`. The time that it takes is added to
what the computation takes. A tick that would find nothing to do is not put on the clock at all,
which keeps thousands of ranks cheap.

A *strand* is a generator (a greenlet, under MPI): it yields the seconds that it computes, or None
when it has parked itself in a wait.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.broker import Broker
from scoop_mpi._kernel.constants import Registry
from scoop_mpi._kernel.protocol import (
    BROKER,
    NEWS,
    TO_BROKER,
    Actions,
    Define,
    Lost,
    Message,
    Resume,
    Run,
    Send,
    Undefine,
)
from scoop_mpi._kernel.task import Block
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._kernel.worker import Worker
from scoop_mpi.testing.operations import Outcome, WorkerLost

if TYPE_CHECKING:
    from scoop_mpi.testing.cluster import Cluster

Steps = Generator[float | None, None, None]

MOST_ACTIONS = 200_000
"""More than these from one event are a loop of a rank with itself."""


class Strand:
    """User code in progress on a rank.

    Attributes:
        parked: Whether it waits.
        away_s: How long it has been parked so far, in all.
    """

    __slots__ = ("away_s", "parked", "steps")

    def __init__(self, steps: Steps) -> None:
        self.steps: Steps = steps
        self.parked: bool = False
        self.away_s: float = 0.0


class Running:
    """A block of which the calls are run one by one."""

    __slots__ = ("block", "index", "started_s")

    def __init__(self, block: Block, started_s: float) -> None:
        self.block: Block = block
        self.index: int = block.start
        """The call that runs now."""
        self.started_s: float = started_s

    @property
    def waiting(self) -> bool:
        """Whether further calls wait behind the one that runs."""
        return self.index + 1 < self.block.stop


class Rank:
    """A virtual rank.

    Attributes:
        clock: This rank's own time: when its core is free, overheads included.
        computed_s: Seconds of user code that ran here.
        overhead_s: Seconds spent on messages and the kernel.
        dead: Whether it does nothing any more.
    """

    def __init__(
        self, cluster: Cluster, number: int, worker: Worker, broker: Broker | None
    ) -> None:
        self.cluster = cluster
        self.number = number
        self.worker = worker
        self.broker = broker
        self.registry: Registry | None = Registry() if broker is not None else None
        self.dead: bool = False
        worker.loss_payload = lambda _, why: Outcome(None, WorkerLost(why))
        self.clock: float = 0.0
        self.computed_s: float = 0.0
        self.overhead_s: float = 0.0
        self.calls = 0
        """Names for the calls that run here: what a task's `group` refers to."""
        self.strands: set[Strand] = set()
        """All strands that have not ended."""
        self.running: list[Running] = []
        """Blocks that a tick may cut."""
        self.current: Strand | None = None
        self.initialized: list[object] = []
        """The items of the initializers that have run here."""
        self.verdicts: list[Wait] = []
        """Parked waits for rank 0's word on a constant."""
        self._inbox: deque[tuple[int, bytes]] = deque()
        self._resumable: deque[Strand] = deque()
        self._started = False
        self._offering: Wait | None = None
        self._computing = False
        self._stolen_s = 0.0
        """What the ticker took from the computation in progress."""
        self._phase_s = cluster.costs.tick_s * (number % 16) / 16
        """The tickers of the ranks do not tick in step."""
        self._step_due = False
        self._tick_at = math.inf

    def __repr__(self) -> str:
        state = "computing" if self._computing else f"{len(self._inbox)} messages"
        return f"Rank({self.number}: {state}, {len(self.strands)} strands, {self.worker!r})"

    # --- time --------------------------------------------------------------------------------

    def spend(self, seconds: float) -> None:
        """Use this rank's core for an overhead."""
        self.clock += seconds
        self.overhead_s += seconds

    def _catch_up(self) -> None:
        self.clock = max(self.clock, self.cluster.now)

    def start(self, steps: Steps | None) -> None:
        """Begin: with the root program, or with what has come, or with looking for work."""
        if self.dead:
            return
        self._started = True
        self._catch_up()
        if steps is not None:
            self._begin(steps)
        else:
            self._need_step()

    def die(self) -> None:
        """Do nothing any more, and forget what has come."""
        self.dead = True
        self.cluster.network.in_flight -= len(self._inbox)
        self._inbox.clear()

    def declare(self, loss: Lost) -> None:
        """Give a rank up, on rank 0: all others hear of it, and the rank itself should it live."""
        self._catch_up()
        ranks = range(self.worker.ranks)
        self.perform([Send(rank, loss) for rank in ranks])
        if not self._computing:
            self._need_step()

    def _need_step(self) -> None:
        if not self._step_due:
            self._step_due = True
            self.cluster.at(self.clock, self._step)

    def _step(self) -> None:
        self._step_due = False
        if self.dead:
            return
        self._catch_up()
        if not self._computing:
            self._loop()
        self.cluster.touched(self)

    def _loop(self) -> None:
        """Do one thing."""
        if self._inbox:
            self._handle(*self._inbox.popleft())
            self._need_step()
        elif self._resumable:
            self._advance(self._resumable.popleft())
        elif self.offering:
            self.spend(self.cluster.costs.kernel_s)
            self.perform(self.worker.dry(self.clock))
            self._plan_tick()
        else:
            block = self._turn()
            if block is None:
                self._plan_tick()
            else:
                self._begin(self.cluster.runner.strand(self, block))

    def _turn(self) -> Block | None:
        self.spend(self.cluster.costs.kernel_s)
        actions = self.worker.turn(self.clock)
        chosen: Block | None = None
        if actions and isinstance(actions[-1], Run):
            chosen = actions.pop().block  # type: ignore[union-attr]  # a Run comes last
        self.perform(actions)
        return chosen

    # --- user code ---------------------------------------------------------------------------

    def _begin(self, steps: Steps) -> None:
        strand = Strand(steps)
        self.strands.add(strand)
        self._advance(strand)

    def _advance(self, strand: Strand) -> None:
        """Let a strand go on until it computes, parks or ends."""
        self.current = strand
        for seconds in strand.steps:
            if seconds is None:
                break
            if seconds > 0.0:
                self._compute(seconds)
                return
        else:
            self.strands.discard(strand)
        self.current = None
        self._need_step()

    def _compute(self, seconds: float) -> None:
        self._computing = True
        self.computed_s += seconds
        self.cluster.at(self.clock + seconds, self._computed)
        self._plan_tick()

    def _computed(self) -> None:
        if self.dead:
            return
        if self._stolen_s:
            self.cluster.at(self.cluster.now + self._stolen_s, self._computed)
            self._stolen_s = 0.0
            return
        self._computing = False
        self._tick_at = math.inf
        self._catch_up()
        assert self.current is not None
        self._advance(self.current)
        self.cluster.touched(self)

    def park(self, wait: Wait, until: float | None = None, *, offer: bool = False) -> Steps:
        """Park the current strand until the wait is over, or until a time.

        With `offer`, this rank starts nothing meanwhile: what it has is left to others.
        """
        strand = self.current
        assert strand is not None
        if offer:
            self._offering = wait
            self.perform(self.worker.offer())
        wait.holder = strand
        strand.parked = True
        self.worker.parked += 1
        if until is not None:
            self.cluster.at(max(until, self.clock), lambda: self._wake(wait, strand))
        begun = self.clock
        yield None
        strand.away_s += self.clock - begun
        self.worker.parked -= 1
        wait.holder = None

    def _wake(self, wait: Wait, strand: Strand) -> None:
        """Let a timed wait go on, unless it has ended (and its strand waits for other things)."""
        if wait.holder is strand and strand.parked and not self.dead:
            self.resume(wait)
            if not self._computing:
                self._catch_up()
                self._need_step()

    def resume(self, wait: Wait) -> None:
        """Note that a parked caller can go on."""
        strand = wait.holder
        if strand is not None and strand.parked:
            strand.parked = False
            self._resumable.append(strand)

    # --- messages ----------------------------------------------------------------------------

    def arrive(self, sender: int, data: bytes) -> None:
        """Take a message from the network into the inbox."""
        if self.dead:
            self.cluster.network.in_flight -= 1
            return
        self._inbox.append((sender, data))
        if self._computing:
            self._plan_tick()
        elif self._started:
            self._catch_up()
            self._need_step()

    def _handle(self, sender: int, data: bytes) -> None:
        self.spend(self.cluster.costs.receive_s)
        self.perform(self._take(sender, self.cluster.network.open(data)))

    def _take(self, sender: int, message: Message) -> Actions:
        """Give a message to the machine that it is for."""
        self.spend(self.cluster.costs.message_s)
        if sender in self.worker.lost:
            return []
        kind = type(message)
        if kind in TO_BROKER:
            assert self.broker is not None
            return self.broker.receive(sender, message)
        if isinstance(message, Define):
            assert self.registry is not None
            return self.registry.define(sender, message)
        if isinstance(message, Undefine):
            assert self.registry is not None
            return self.registry.undefine(sender, message)
        forgotten: Actions = []
        if isinstance(message, Lost):
            if message.rank == self.number:
                self.cluster.told_to_die(self)
                return []
            if self.broker is not None and self.registry is not None:
                forgotten = self.broker.lose(message.rank)
                self.registry.lose(message.rank)
        actions = self.worker.receive(sender, message, self.clock) + forgotten
        if kind in NEWS:
            for wait in self.verdicts:
                self.resume(wait)
        return actions

    def perform(self, actions: Actions) -> None:
        """Carry out what a machine wants done, in order."""
        queue = deque(actions)
        carried_out = 0
        while queue:
            action = queue.popleft()
            carried_out += 1
            assert carried_out < MOST_ACTIONS, f"{self} talks to itself without end"
            if isinstance(action, Send):
                if self.cluster.story is not None:
                    self.cluster.story.sent(self.clock, self.number, action)
                if action.to == self.number:
                    queue.extend(self._take(self.number, action.message))
                elif action.to not in self.worker.lost or isinstance(action.message, Lost):
                    self.spend(self.cluster.costs.send_s)
                    self.cluster.network.send(self.number, action.to, action.message, self.clock)
            elif isinstance(action, Resume):
                self.resume(action.wait)
            else:
                raise TypeError(f"{action} came from elsewhere than turn()")

    # --- the ticker --------------------------------------------------------------------------

    def _plan_tick(self) -> None:
        """Put the next tick that would find something to do on the clock."""
        due = 0.0 if self._inbox else self.tick_due()
        if due == math.inf:
            return
        if self._computing:
            period, since = self.cluster.costs.tick_s, self._phase_s
        else:
            period, since = self.cluster.costs.idle_tick_s, self.clock
        now = max(self.clock, self.cluster.now)
        ticks = math.floor((max(due, now) - since) / period) + 1
        at = since + ticks * period
        if at < self._tick_at:
            self._tick_at = at
            self.cluster.at(at, self._tick)

    def tick_due(self) -> float:
        """Return when a tick would next do something: a look at the worker's private parts."""
        worker = self.worker
        due = math.inf
        if worker.lendable and not worker.told_surplus and worker.ranks > 1:
            due = 0.0
        if worker._doubtful and worker.rank != BROKER:
            due = min(due, worker._doubtful[0][2] + policy.DOUBT_S)
        if worker._outbox:
            due = min(due, worker._outbox_due)
        if len(worker._loans) > worker.bound:
            patience = worker._turn_at + policy.patience_s(worker.expected_s)
            due = 0.0 if worker.full else min(due, patience)
        for running in self.running:
            if running.waiting:
                due = min(due, running.started_s + policy.PATIENCE_S)
        return due

    def _cut_long_blocks(self) -> None:
        """Free what waits behind a call that turned out long."""
        for running in self.running:
            if running.waiting and self.clock - running.started_s > policy.PATIENCE_S:
                self.perform(self.worker.cut(running.block, running.index + 1))

    def _tick(self) -> None:
        if self.cluster.now != self._tick_at or self.dead:
            return  # planned anew since
        self._tick_at = math.inf
        before = self.overhead_s
        clock = self.clock
        self.clock = max(clock, self.cluster.now)
        while self._inbox:
            self._handle(*self._inbox.popleft())
        self.spend(self.cluster.costs.kernel_s)
        self._cut_long_blocks()
        self.perform(self.worker.tick(self.clock))
        if self._computing:
            assert self.tick_due() > self.cluster.now - 1e-6, f"a tick left work behind: {self}"
            self._stolen_s += self.overhead_s - before
            self._plan_tick()
        else:
            self._need_step()
        self.cluster.touched(self)

    # --- for the checks ----------------------------------------------------------------------

    @property
    def offering(self) -> bool:
        """Whether a timed wait leaves this rank's calls to others for now."""
        wait = self._offering
        return wait is not None and wait.holder is not None and wait.holder.parked

    @property
    def resting(self) -> bool:
        """Whether this rank sleeps until a message comes."""
        moving = self._computing or self._step_due or self._inbox or self._resumable
        return self._started and not moving

    @property
    def hungry(self) -> bool:
        """Whether the worker believes that its request stands: a look at its private parts."""
        return self.worker._requesting

    @property
    def busy(self) -> bool:
        """Whether anything is unfinished here."""
        return bool(self._computing or self._inbox or self._resumable or self.strands)
