"""Constants: names that are set once and then known on every rank.

Rank 0 decides: it numbers each accepted definition and tells every rank, in order. Tasks and
outcomes carry the highest number that their sender knows, and a rank that is behind holds them
until it has caught up. So a call never runs before the constants that were set when it was
submitted are there, and no timeout is involved.

Initializers are numbered with them: what a name with `INITIALIZER` before it stands for is not kept,
but called, on each rank, before any call of which the sender knew that number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from scoop_mpi._kernel.protocol import Actions, Constants, Define, Denied, Send

INITIALIZER = "\0initializer "
"""What the names of initializers begin with, which no constant's name does."""


class Registry:
    """Rank 0's record of which names are taken: since which definition, and by whom."""

    def __init__(self, ranks: int) -> None:
        self._ranks = ranks
        self._number = 0
        self._made: dict[str, tuple[int, str]] = {}
        self._makers: dict[str, tuple[int, Any]] = {}
        """Name -> the rank that made it, and its value as encoded."""
        self._lost: set[int] = set()

    def define(self, sender: int, message: Define) -> Actions:
        """Accept all names of a definition, and tell every rank; or none, and tell the definer."""
        forgotten = dict(message.anew)
        for name, value in message.items:
            number, setter = self._made.get(name, (None, ""))
            if number is None or number == forgotten.get(name):
                continue
            if not self._made_by_a_lost_call(name, value):
                return [Send(sender, Denied(message.ticket, name, setter))]
        self._number += 1
        for name, value in message.items:
            self._made[name] = self._number, message.setter
            self._makers[name] = sender, value
        news = Constants(self._number, sender, message.ticket, message.setter, message.items)
        return [Send(rank, news) for rank in range(self._ranks)]

    def lose(self, rank: int) -> None:
        """Note that a rank is lost: calls that made constants may be run again."""
        self._lost.add(rank)

    def _made_by_a_lost_call(self, name: str, value: Any) -> bool:
        """Return whether a call that runs again, after a loss, may have made this constant before.

        By the same value, it may have run on any rank: its owner may be what was lost.
        """
        maker, known = self._makers[name]
        return bool(self._lost) and (maker in self._lost or bool(known == value))


class Constant(NamedTuple):
    """A constant as one rank knows it.

    `encoded` is the runtime's; the kernel never looks inside.
    """

    number: int
    setter: str
    encoded: Any


class Store:
    """What one rank knows of the constants.

    Attributes:
        number: The newest definition known here.
        known: Name -> constant.
        forgotten: Name -> the definition by which this rank knew it.
        verdicts: Ticket of an own definition -> None if accepted, or the denial.
    """

    def __init__(self) -> None:
        self.number = 0
        self.known: dict[str, Constant] = {}
        self.forgotten: dict[str, int] = {}
        self.verdicts: dict[int, Denied | None] = {}

    def learn(self, rank: int, message: Constants) -> None:
        """Take the next definition."""
        assert message.number == self.number + 1, "constants arrive in order"
        self.number = message.number
        for name, encoded in message.items:
            if name.startswith(INITIALIZER):
                continue
            self.known[name] = Constant(message.number, message.setter, encoded)
            self.forgotten.pop(name, None)
        if message.definer == rank:
            self.verdicts[message.ticket] = None

    def forget(self, name: str) -> None:
        """Let go of a constant on this rank alone, which may then make it anew, for all ranks."""
        self.forgotten[name] = self.known.pop(name).number

    def define(self, ticket: int, setter: str, items: tuple[tuple[str, Any], ...]) -> Define:
        """Return what rank 0 must be told to make these constants."""
        anew = [(name, self.forgotten[name]) for name, _ in items if name in self.forgotten]
        return Define(ticket, setter, items, tuple(anew))
