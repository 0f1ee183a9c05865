"""The virtual network: bytes, delays, and order for each pair of ranks.

What is sent is pickled at once and loaded only where it is handled, so that no rank ever sees
another's objects. Messages of one pair of ranks arrive in the order in which they were sent, as
MPI promises; between pairs, jitter mixes them.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from scoop_mpi._kernel.protocol import BROKER, Lend, Message, Outcomes
from scoop_mpi.testing.costs import Costs


class Parcel(NamedTuple):
    """Arguments or results as they travel, labelled for the count at rank 0."""

    owner: int
    runner: int
    """The rank that ran the calls; -1 for arguments."""
    blob: bytes


class Network:
    """Carries encoded messages between virtual ranks.

    Attributes:
        in_flight: Messages sent and not yet handled.
        kinds: Messages sent, by the name of their kind.
        bytes: What all messages came to.
        at_rank_0: Messages that rank 0 sent to, or got from, another rank.
        bytes_at_rank_0: What those came to.
        foreign_cargo: Bytes of arguments and results that passed through rank 0 though it
            neither owns nor runs the calls they belong to.
    """

    def __init__(
        self,
        costs: Costs,
        rng: Random,
        at: Callable[[float, int, int, int, bytes], None],
    ) -> None:
        self._costs = costs
        self._rng = rng
        self._at = at
        """Called with time, receiver, sender, number and bytes, to put an arrival on the clock."""
        self._last: dict[tuple[int, int], tuple[float, int]] = {}
        """(sender, receiver) -> when the latest message arrives, and how many were sent."""
        self._come: dict[tuple[int, int], int] = {}
        """(sender, receiver) -> how many have come: only where somebody may die."""
        self._cut: dict[tuple[int, int], int] = {}
        """(lost sender, receiver) -> how many of its messages ever come."""
        self._slowness: dict[tuple[int, int], float] = {}
        self.in_flight: int = 0
        self.kinds: Counter[str] = Counter()
        self.bytes: int = 0
        self.at_rank_0: int = 0
        self.bytes_at_rank_0: int = 0
        self.foreign_cargo: int = 0

    def send(self, sender: int, to: int, message: Message, depart: float) -> None:
        """Put a message on its way."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        costs = self._costs
        delay = costs.latency_s + len(data) * costs.byte_s
        if costs.jitter:
            delay += costs.latency_s * costs.jitter * self._rng.random()
        pair = (sender, to)
        if costs.slow_share:
            delay *= self._slow(pair)
        latest, number = self._last.get(pair, (0.0, 0))
        arrival = max(depart + delay, latest)
        self._last[pair] = arrival, number + 1
        self.in_flight += 1
        self.kinds[type(message).__name__] += 1
        self.bytes += len(data)
        if BROKER in (sender, to):
            self.at_rank_0 += 1
            self.bytes_at_rank_0 += len(data)
            self.foreign_cargo += foreign_cargo(sender, message)
        self._at(arrival, to, sender, number, data)

    def cut_off(self, rank: int) -> None:
        """Lose what a dead rank has sent last: of what is under way to each rank, any number."""
        for (sender, to), (_, sent) in self._last.items():
            if sender == rank:
                come = self._come.get((sender, to), 0)
                self._cut[sender, to] = self._rng.randint(come, sent)

    def comes(self, sender: int, to: int, number: int) -> bool:
        """Note that a message would arrive now, and return whether it does."""
        if number >= self._cut.get((sender, to), number + 1):
            self.in_flight -= 1
            return False
        self._come[sender, to] = number + 1
        return True

    def _slow(self, pair: tuple[int, int]) -> float:
        """Return by what factor this way is slower than others."""
        if pair not in self._slowness:
            slow = self._rng.random() < self._costs.slow_share
            self._slowness[pair] = self._costs.slow_factor if slow else 1.0
        return self._slowness[pair]

    def open(self, data: bytes) -> Message:
        """Decode a message that is being handled now."""
        self.in_flight -= 1
        message: Message = pickle.loads(data)
        return message


def foreign_cargo(sender: int, message: Message) -> int:
    """Return the bytes of a message of rank 0 that rank 0 has no business with."""
    if isinstance(message, Lend) and sender == BROKER:
        return sum(len(part.cargo.blob) for part in message.parts if part.cargo.owner != BROKER)
    if isinstance(message, Outcomes):
        payloads = [done.payload for done in message.done]
        return sum(
            len(payload.blob)
            for payload in payloads
            if (payload.runner if sender == BROKER else payload.owner) != BROKER
        )
    return 0
