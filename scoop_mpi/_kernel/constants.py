"""Constants: names that are set once and then known on every rank.

Rank 0 decides: it numbers each accepted definition, and the news go down the tree (`tree`), in
order. Tasks and outcomes carry the highest number that their sender knows, and a rank that is
behind holds them until it has caught up. So a call never runs before the constants that were set
when it was submitted are there, and no timeout is involved.

A rank that was to tell others may be lost. Who tells them in its place says up to which number it
does not (`Newest`), and passes on all that comes after; who lacks any of that asks (`Behind`) and
gets it (`Catalogue`). What comes out of order is dropped: its like was asked for, and comes again.

Initializers are numbered with them: what a name with `INITIALIZER` before it stands for is not known
by that name, but called, on each rank, before any call of which the sender knew that number.
"""

from typing import Any, NamedTuple

from scoop_mpi._kernel.protocol import (
    BROKER,
    Accepted,
    Actions,
    Behind,
    Catalogue,
    Constants,
    Define,
    Denied,
    Message,
    Newest,
    Send,
    Undefine,
    Unread,
)
from scoop_mpi._kernel.tree import Tree

INITIALIZER = "\0initializer "
"""What the names of initializers begin with, which no constant's name does."""


class Registry:
    """Rank 0's record of which names are taken: since which definition, and by whom."""

    def __init__(self) -> None:
        self._number = 0
        self._made: dict[str, tuple[int, str]] = {}
        self._makers: dict[str, tuple[int, Any]] = {}
        """Name -> the rank that made it, and its value as encoded."""
        self._lost: set[int] = set()
        self._freed: set[str] = set()
        """Names that were freed and not made since."""

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
            self._freed.discard(name)
        news = Constants(self._number, message.setter, sender, message.items)
        return [Send(sender, Accepted(message.ticket, self._number)), Send(BROKER, news)]

    def undefine(self, sender: int, message: Undefine) -> Actions:
        """Free a name everywhere."""
        name = message.name
        if name not in self._made:
            if (
                name in self._freed and self._lost
            ):  # a call that runs again may have freed it before
                return [Send(sender, Accepted(message.ticket, self._number))]
            return [Send(sender, Denied(message.ticket, name, ""))]
        self._number += 1
        del self._made[name], self._makers[name]
        self._freed.add(name)
        news = Constants(self._number, "", sender, (), (name,))
        return [Send(sender, Accepted(message.ticket, self._number)), Send(BROKER, news)]

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
    definer: int
    encoded: Any


class Store:
    """What one rank knows of the constants, and whom it tells.

    Attributes:
        tree: Who tells whom: set before anything is known. Without it, rank 0 tells all.
        number: The newest definition known here.
        standing: Name -> constant, as rank 0 has it at that number.
        known: The same without what this rank has let go of.
        forgotten: Name -> the definition by which this rank knew it.
        verdicts: Ticket of what this rank has asked of rank 0 -> its answer.
    """

    def __init__(self, rank: int, ranks: int) -> None:
        self._rank = rank
        self._ranks = ranks
        self.tree: Tree | None = None
        self.number: int = 0
        self.standing: dict[str, Constant] = {}
        self.known: dict[str, Constant] = {}
        self.forgotten: dict[str, int] = {}
        self.verdicts: dict[int, Accepted | Denied | Unread] = {}
        self._initializers: dict[str, Constant] = {}
        """All that were ever made: a rank that is behind may lack any."""
        self._to_run: list[tuple[str, Any]] = []
        self._lost: set[int] = set()
        self._told: list[int] | None = None
        """The ranks below this one, once they were asked for."""

    def receive(self, sender: int, message: Message) -> Actions:
        """Take a message about constants."""
        if isinstance(message, Constants):
            return self.learn(message)
        if isinstance(message, Catalogue):
            return self.catch_up(message)
        if isinstance(message, Newest):
            return self.compare(sender, message)
        if isinstance(message, Behind):
            return self.answer(sender, message)
        if isinstance(message, Accepted | Denied | Unread):
            self.verdicts[message.ticket] = message
            return []
        raise TypeError(f"rank {self._rank}: {type(message).__name__} is not for a worker")

    def learn(self, message: Constants) -> Actions:
        """Take what is new, if it is the next, and pass it on."""
        if message.number != self.number + 1:
            return []
        self.number = message.number
        for name, encoded in message.items:
            self._put(name, Constant(message.number, message.setter, message.definer, encoded))
        for name in message.gone:
            self._drop(name)
        return [Send(rank, message) for rank in self._below()]

    def catch_up(self, message: Catalogue) -> Actions:
        """Take what was missed, and pass it on."""
        if not message.since <= self.number < message.number:
            return []
        standing = dict(message.names)
        for name, constant in list(self.standing.items()):
            if standing.get(name) != constant.number:
                self._drop(name)
        for name, *fields in message.items:
            constant = Constant(*fields)
            if constant.number > self.number:
                self._put(name, constant)
        self.number = message.number
        return [Send(rank, message) for rank in self._below()]

    def compare(self, sender: int, message: Newest) -> Actions:
        """Another rank tells this one from now on: ask it for what was missed, if anything was."""
        return [Send(sender, Behind(self.number))] if message.number > self.number else []

    def answer(self, sender: int, message: Behind) -> Actions:
        """Send a rank what it has missed."""
        since = message.number
        if since >= self.number:
            return []
        names = tuple((name, constant.number) for name, constant in self.standing.items())
        everything = self.standing | self._initializers
        items = [(name, *constant) for name, constant in everything.items()]
        newer = sorted((item for item in items if item[1] > since), key=lambda item: item[1])
        return [Send(sender, Catalogue(since, self.number, names, tuple(newer)))]

    def lose(self, rank: int) -> Actions:
        """Forget a rank; those that it told are told by others now, perhaps by this one."""
        before = set(self._below()) if self.number else set()
        self._lost.add(rank)
        self._told = None
        if not self.number or rank == self._rank:
            return []
        return [Send(to, Newest(self.number)) for to in self._below() if to not in before]

    def _below(self) -> list[int]:
        if self._told is None:
            if self.tree is None:
                self.tree = Tree(bytes(self._ranks))
            self._told = self.tree.below(self._rank, self._lost)
        return self._told

    def take_initializers(self) -> list[tuple[str, Any]]:
        """Return what has come and is to be run here, in order: names, and calls as encoded."""
        taken, self._to_run = self._to_run, []
        return taken

    def _put(self, name: str, constant: Constant) -> None:
        if name.startswith(INITIALIZER):
            self._initializers[name] = constant
            if constant.definer != self._rank:  # which has run it itself
                self._to_run.append((name.removeprefix(INITIALIZER), constant.encoded))
            return
        self.standing[name] = self.known[name] = constant
        self.forgotten.pop(name, None)

    def _drop(self, name: str) -> None:
        for names in (self.standing, self.known, self.forgotten):
            names.pop(name, None)

    def forget(self, name: str) -> None:
        """Let go of a constant on this rank alone, which may then make it anew, for all ranks."""
        self.forgotten[name] = self.known.pop(name).number

    def define(self, ticket: int, setter: str, items: tuple[tuple[str, Any], ...]) -> Define:
        """Return what rank 0 must be told to make these constants."""
        anew = [(name, self.forgotten[name]) for name, _ in items if name in self.forgotten]
        return Define(ticket, setter, items, tuple(anew))

    def validate(self) -> None:
        """Assert what must hold between any two events."""
        assert self.known.items() <= self.standing.items(), self.known
        assert set(self.standing) - set(self.known) == set(self.forgotten), self.forgotten
        assert all(constant.number <= self.number for constant in self.standing.values())
