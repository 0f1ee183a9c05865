"""The records of work: an owner's `Task`, its `Lease`s, a borrower's `Loan`, a running `Block`.

Every call of a task is at any moment in exactly one place:

    unstarted   on its owner, waiting to be run or lent
    running     on its owner, claimed by a block
    leased      held by a borrower, unstarted or running there
    in doubt    its borrower was lost, perhaps by its doing: waits to be lent alone
    done        its outcome has been delivered, once; or its maker has given it up unstarted

(Before that it may be a draft, of which only the runtime knows: see `_runtime.work`.)

So the owner always knows who holds what: only owners lend, and what a borrower has not started it
gives back. An outcome for a lease that is no more is late, and is ignored.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Protocol, final

from scoop_mpi._kernel.spans import Spans
from scoop_mpi._kernel.wait import Wait


class Cargo(Protocol):
    """The callable and the arguments of a task: opaque to the kernel but for cutting."""

    @property
    def call_bytes(self) -> int:
        """About how many bytes the arguments of one call have; asked for when calls are lent."""

    def cut(self, start: int, stop: int) -> Any:
        """Return what must travel for calls `start` to `stop`."""


class Lease:
    """What an owner remembers of calls that it lent."""

    __slots__ = ("borrower", "missing")

    def __init__(self, borrower: int, start: int, stop: int) -> None:
        self.borrower = borrower
        self.missing = Spans(start, stop)


@final
class Task:
    """An owner's record of one callable and a run of argument tuples."""

    __slots__ = (
        "abandoned",
        "arrived",
        "calls",
        "cargo",
        "done",
        "doubtful",
        "group",
        "key",
        "largest_piece",
        "leases",
        "looked_at",
        "losses",
        "retries",
        "running",
        "serial",
        "unstarted",
        "waits",
    )

    def __init__(
        self,
        serial: int,
        calls: int,
        key: str,
        cargo: Cargo,
        group: int = 0,
        retries: int | None = None,
    ) -> None:
        self.serial: int = serial
        self.calls: int = calls
        self.key: str = key
        self.cargo: Cargo | None = cargo
        self.group: int = group
        """The call that made this task: tasks of one group are siblings, and alike in size."""
        self.unstarted: Spans = Spans(0, calls)
        self.running: int = 0
        self.retries: int | None = retries
        """How often a call may be run again whose rank was lost; None: as often as any."""
        self.losses: dict[int, int] = {}
        """Call -> how many ranks that held it were lost."""
        self.doubtful: int = 0
        """How many calls are in doubt."""
        self.leases: dict[int, Lease] = {}
        self.largest_piece: int = 1
        self.done: int = 0
        self.abandoned: bool = False
        """Whether its maker will take no more outcomes: what nobody has started is dropped."""
        self.looked_at: bool = False
        """Whether somebody has seen a failure of this task: further ones are no news."""
        self.arrived: dict[int, tuple[int, bool, Any]] = {}
        """Outcomes that nobody has taken yet: start -> (stop, failed, payload)."""
        self.waits: list[tuple[Wait, int | None]] = []
        """Who waits for which call of this task; None for any."""

    def __repr__(self) -> str:
        return (
            f"Task({self.serial}, {self.key}, {self.calls} calls: {self.unstarted.count} unstarted, "
            f"{self.running} running, {len(self.leases)} leases, {self.done} done)"
        )

    @property
    def finished(self) -> bool:
        """Whether every call has its outcome."""
        return self.done == self.calls

    def begin(self, calls: int, *, running: bool) -> None:
        """Have so many calls at the front begun: ended and taken, but for the last if it is running."""
        self.unstarted.take_front(calls)
        self.running = int(running)
        self.done = calls - self.running

    def end(self, payload: Any) -> None:
        """Be the record of calls that have ended, of which the owner was never told; but one are taken."""
        self.unstarted.clear()
        self.done = self.calls
        self.arrived[self.calls - 1] = (self.calls, False, payload)
        self.cargo = None

    def validate(self) -> None:
        """Assert that every call is in exactly one place."""
        self.unstarted.validate()
        leased = 0
        for lease in self.leases.values():
            lease.missing.validate()
            assert lease.missing.count, f"{self}: empty lease"
            leased += lease.missing.count
        own = self.unstarted.count + self.running + self.doubtful
        assert own + leased + self.done == self.calls, self
        places = [run for spans in self._places() for run in spans]
        places.sort()
        for (_, stop), (start, _) in pairwise(places):
            assert stop <= start, f"{self}: a call in two places"

    def _places(self) -> list[Spans]:
        return [self.unstarted, *(lease.missing for lease in self.leases.values())]


@final
class Loan:
    """A borrower's record of calls that it holds for their owner."""

    __slots__ = (
        "bound",
        "cargo",
        "key",
        "lease",
        "origin",
        "owner",
        "running",
        "serial",
        "unstarted",
    )

    def __init__(
        self,
        owner: int,
        serial: int,
        lease: int,
        start: int,
        stop: int,
        key: str,
        cargo: Any,
        *,
        bound: bool = False,
    ) -> None:
        self.owner: int = owner
        self.serial: int = serial
        self.lease: int = lease
        self.key: str = key
        self.cargo: Any = cargo
        self.origin: int = start
        """The index of the first call in `cargo`."""
        self.unstarted: Spans = Spans(start, stop)
        self.running: int = 0
        self.bound: bool = bound
        """Whether it is for this very rank: it goes before all others, and is not given back."""


class Block:
    """Calls `start` to `stop` of a task or of a loan, claimed to be run in one go."""

    __slots__ = ("source", "start", "stop")

    def __init__(self, source: Task | Loan, start: int, stop: int) -> None:
        self.source: Task | Loan = source
        self.start: int = start
        self.stop: int = stop
