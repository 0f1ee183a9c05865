"""Constants: names that are set once and then known on every rank.

Rank 0 decides: it numbers each accepted definition and tells every rank, in order. Tasks and
outcomes carry the highest number that their sender knows, and a rank that is behind holds them
until it has caught up. So a call never runs before the constants that were set when it was
submitted are there, and no timeout is involved.
"""

from __future__ import annotations

from typing import Any

from scoop_mpi._kernel.protocol import Actions, Constants, Define, Denied, Send


class Registry:
    """Rank 0's record of which names are taken, and by whom."""

    def __init__(self, ranks: int) -> None:
        self._ranks = ranks
        self._number = 0
        self._setters: dict[str, int] = {}

    def define(self, sender: int, message: Define) -> Actions:
        """Accept all names of a definition, and tell every rank; or none, and tell the definer."""
        for name, _ in message.items:
            if name in self._setters:
                return [Send(sender, Denied(message.ticket, name, self._setters[name]))]
        for name, _ in message.items:
            self._setters[name] = sender
        self._number += 1
        news = Constants(self._number, sender, message.ticket, message.items)
        return [Send(rank, news) for rank in range(self._ranks)]


class Store:
    """What one rank knows of the constants.

    Attributes:
        number: The newest definition known here.
        values: Name -> what the runtime encoded; the kernel never looks inside.
        verdicts: Ticket of an own definition -> None if accepted, or the denial.
    """

    def __init__(self) -> None:
        self.number = 0
        self.values: dict[str, Any] = {}
        self.verdicts: dict[int, Denied | None] = {}

    def learn(self, rank: int, message: Constants) -> None:
        """Take the next definition."""
        assert message.number == self.number + 1, "constants arrive in order"
        self.number = message.number
        self.values.update(message.items)
        if message.setter == rank:
            self.verdicts[message.ticket] = None
