"""The virtual cluster: the kernel without MPI, on a virtual clock, from one seed.

    cluster = Cluster(ranks=64, seed=7)
    value = cluster.run(program)        # a generator function, see `operations`

The Worker, Broker and Registry are the very classes that run under MPI. With `check=True` every
machine that an event touches validates itself after that event. The same seed, ranks, costs and
program give the same run, event for event.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from scoop_mpi._kernel.broker import Broker
from scoop_mpi._kernel.protocol import BROKER, Lost
from scoop_mpi._kernel.tree import Tree
from scoop_mpi._kernel.worker import Worker
from scoop_mpi.testing import checks
from scoop_mpi.testing.costs import Costs
from scoop_mpi.testing.network import Network
from scoop_mpi.testing.operations import Outcome, Program
from scoop_mpi.testing.rank import Rank, Steps
from scoop_mpi.testing.runner import Runner
from scoop_mpi.testing.story import Story


class Endless(AssertionError):  # noqa: N818  names what the run is
    """The run has taken more events than it may, or hangs."""


class Cluster:
    """Virtual ranks on a virtual clock, on one node unless `nodes` gives that of each rank.

    Attributes:
        now: Virtual seconds since the start.
        ended_at: When the root program ended.
        events: How many events have been carried out.
        mortal: Whether ranks may die.
        deaths: How many ranks were given up.
        before_event: Called with the number of each event before it; it may kill.
    """

    def __init__(  # noqa: PLR0913  all but the ranks by name, and optional
        self,
        ranks: int,
        *,
        seed: int = 0,
        costs: Costs | None = None,
        check: bool = False,
        story: Story | None = None,
        most_events: int | None = None,
        worker: Callable[[int, int], Worker] = Worker,
        broker: Callable[[], Broker] = Broker,
        mortal: bool = False,
        nodes: Sequence[int] | None = None,
    ) -> None:
        self.costs: Costs = Costs() if costs is None else costs
        self.check = check
        self.story = story
        self.now: float = 0.0
        self.ended_at: float = 0.0
        self.events: int = 0
        self.mortal = mortal
        self.deaths: int = 0
        self.undeclared: int = 0
        """Ranks that are to be declared lost, and are not yet."""
        self.before_event: Callable[[int], None] | None = None
        self._most_events = most_events
        self._rng = Random(seed)
        self._queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._sequence = 0
        self.network: Network = Network(self.costs, self._rng, self._arrive_at)
        self.runner: Runner = Runner(self)
        self.ranks: list[Rank] = [
            Rank(self, number, worker(number, ranks), broker() if number == BROKER else None)
            for number in range(ranks)
        ]
        tree = Tree(bytes(ranks) if nodes is None else nodes)
        for rank in self.ranks:
            rank.worker.constants.tree = tree
        self.watch: checks.Watch = checks.Watch()

    # --- the clock ---------------------------------------------------------------------------

    def at(self, time: float, act: Callable[..., None], *arguments: Any) -> None:
        """Do something at a virtual time."""
        self._sequence += 1
        heapq.heappush(self._queue, (time, self._sequence, act, arguments))

    def _arrive_at(self, time: float, to: int, sender: int, number: int, data: bytes) -> None:
        self.at(time, self._arrive, to, sender, number, data)

    def _arrive(self, to: int, sender: int, number: int, data: bytes) -> None:
        if not self.mortal or self.network.comes(sender, to, number):
            self.ranks[to].arrive(sender, data)

    def touched(self, rank: Rank) -> None:
        """Validate what an event may have changed."""
        if self.check and not rank.dead:
            checks.after_event(self, rank)

    # --- deaths ------------------------------------------------------------------------------

    def kill(self, number: int) -> None:
        """Let a rank die now; rank 0 hears of it a while later."""
        rank = self.ranks[number]
        if number == BROKER or rank.dead:
            return
        self._bury(rank)
        self.give_up(number)

    def give_up(self, number: int) -> None:
        """Let rank 0 declare a rank lost, a while from now, whether it is dead or not."""
        self.undeclared += 1
        self.deaths += 1
        self.at(self.now + self._rng.choice((0.0, 1e-4, 5e-3, 0.3)), self._declare, number)

    def _declare(self, number: int) -> None:
        self.undeclared -= 1
        self.ranks[BROKER].declare(Lost(number, f"rank {number} is lost"))

    def told_to_die(self, rank: Rank) -> None:
        """A rank that was given up lives, and hears of it: it ends itself."""
        if not rank.dead:
            self._bury(rank)

    def _bury(self, rank: Rank) -> None:
        rank.die()
        self.network.cut_off(rank.number)
        checks.forget(self, rank.number)

    # --- running -----------------------------------------------------------------------------

    def run(self, program: Program, *arguments: Any) -> Any:
        """Run a program on rank 0 until nothing is left to do; return or raise its outcome."""
        outcome = self.outcome_of(program, *arguments)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def outcome_of(self, program: Program, *arguments: Any) -> Outcome:
        """Run a program on rank 0 until nothing is left to do; return its outcome."""
        outcomes: list[Outcome] = []

        def root() -> Steps:
            outcomes.append((yield from self.runner.root(self.ranks[0], program, arguments)))
            self.ended_at = self.ranks[0].clock

        self.at(0.0, self.ranks[0].start, root())
        for rank in self.ranks[1:]:
            self.at(self._rng.random() * self.costs.start_s, rank.start, None)
        self._drain()
        if not outcomes:
            raise Endless(f"nothing happens any more, and the program has not ended\n{self}")
        checks.at_end(self)
        return outcomes[0]

    def _drain(self) -> None:
        """Carry out events until there are none."""
        queue, pop = self._queue, heapq.heappop
        most = self._most_events
        while queue:
            self.now, _, act, arguments = pop(queue)
            if self.before_event is not None:
                self.before_event(self.events)
            act(*arguments)
            self.events += 1
            if self.events == most:
                raise Endless(f"no end after {most} events\n{self}")

    def __str__(self) -> str:
        """Return the state of what is unfinished, for errors."""
        lines = [f"at {self.now:.6f}, {self.network.in_flight} messages in flight"]
        lines += [repr(rank) for rank in self.ranks if rank.busy or not rank.worker.idle]
        lines.append(repr(self.ranks[0].broker))
        return "\n  ".join(lines)

    # --- figures -----------------------------------------------------------------------------

    @property
    def busy_share(self) -> float:
        """The share of all ranks' time, until the root program ended, that user code ran."""
        computed = sum(rank.computed_s for rank in self.ranks)
        return computed / (len(self.ranks) * self.ended_at)
