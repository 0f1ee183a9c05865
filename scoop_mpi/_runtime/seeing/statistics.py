"""What the ranks did: asked of them when somebody wants to know, shown as a table or in words.

Every rank answers from whichever thread pumps, so that one in a long call answers, too. One that
does not (it keeps the interpreter lock) is left out after a while.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from scoop_mpi._kernel.protocol import Inquire, Send
from scoop_mpi._runtime import here, settings
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.seeing.figures import figures

if TYPE_CHECKING:
    from scoop_mpi._runtime.loop import Loop


class RankStatistics(NamedTuple):
    """What one rank did since it started. Bytes are those of messages; copies within a rank have none."""

    rank: int
    host: str
    calls: int
    """Calls that ran here, own and borrowed."""
    tasks: int
    """Maps and submits that were made here."""
    lent: int
    """Calls that this rank lent, again if they came back or were lost; ..."""
    borrowed: int
    """... that it got from others, ..."""
    given_back: int
    """... that it gave back, not started."""
    lost: int
    """Calls of this rank that were lost with the ranks that had them."""
    late: int
    """Calls whose outcomes came too late, and were dropped: they had been lent again."""
    dropped: int
    """Calls that this rank had from others which were lost, so that nobody waits for them."""
    sent: dict[str, tuple[int, int]]
    """Kind of message -> (how many, bytes). What leaves together is booked under its largest kind."""
    received: dict[str, tuple[int, int]]
    out_of_band_sent_bytes: int
    """The part of it that are large buffers, which are sent from where they lie."""
    out_of_band_received_bytes: int
    callables_sent: int
    """How often a callable went along with a loan, as its borrower did not have it ..."""
    callable_sent_bytes: int
    """... and their bytes."""
    copies: int
    """How often a large buffer was copied within this rank: for a call of its own, or a second reader."""
    copied_bytes: int
    peak_rss_bytes: int
    cpu_s: float
    wall_s: float
    """Since the rank started."""
    busy_s: float
    """In calls, their waits excluded."""
    waiting_s: float
    """With nothing to run. On rank 0 the rest is the program's own."""
    longest_s: float
    """The longest call (short ones are timed several at a time, and count as one) ..."""
    longest_of: str
    """... and of what."""

    @property
    def sent_bytes(self) -> int:
        """Bytes of all messages to other ranks."""
        return sum(size for _, size in self.sent.values())

    @property
    def received_bytes(self) -> int:
        """Bytes of all messages from other ranks."""
        return sum(size for _, size in self.received.values())

    @property
    def utilisation(self) -> float:
        """The share of the time in calls."""
        return self.busy_s / self.wall_s if self.wall_s else 0.0


class Statistics:
    """What `scoop_mpi.statistics()` returns.

    Attributes:
        ranks: By rank; None for one that was lost, or that did not answer.
    """

    def __init__(self, ranks: list[RankStatistics | None]) -> None:
        self.ranks = ranks

    @property
    def known(self) -> list[RankStatistics]:
        """Those that answered."""
        return [rank for rank in self.ranks if rank is not None]

    def __getitem__(self, rank: int) -> RankStatistics | None:
        return self.ranks[rank]

    def __repr__(self) -> str:
        return f"<Statistics of {len(self.ranks)} ranks, {self._total('calls')} calls>"

    def __str__(self) -> str:
        """Return a table, one line a rank."""
        from scoop_mpi._runtime.seeing.tables import table  # noqa: PLC0415  only if it is wanted

        return table(self)

    @property
    def summary(self) -> str:
        """A paragraph."""
        from scoop_mpi._runtime.seeing.tables import summary  # noqa: PLC0415  as above

        return summary(self)

    def _total(self, name: str) -> Any:
        return sum(getattr(rank, name) for rank in self.known)


def statistics() -> Statistics:
    """Ask every rank what it did so far: calls, messages and bytes, copies, memory and time.

    Takes a round trip; with a rank that keeps the interpreter lock in C code, two seconds. May be
    called anywhere, from any rank.
    """
    return ask(here.current("statistics"))


def ask(loop: Loop) -> Statistics:
    """Ask the ranks of a loop."""
    others = [rank for rank in range(loop.ranks) if rank != loop.rank]
    until = now() + settings.ANSWER_S
    with loop.lock:
        loop.tally.inquiries += 1
        number = loop.tally.inquiries
        answers = loop.tally.answers[number] = {loop.rank: figures(loop)}
        loop.perform([Send(rank, Inquire(number)) for rank in others])
    while now() < until and any(
        rank not in answers for rank in others if rank not in loop.worker.lost
    ):
        with loop.lock:
            traffic = loop.pump()
        if not traffic:
            time.sleep(settings.TICK_S / 4)
    del loop.tally.answers[number]
    ranks = [answers.get(rank) for rank in range(loop.ranks)]
    return Statistics([None if data is None else RankStatistics(*data) for data in ranks])
