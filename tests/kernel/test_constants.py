"""Constants: one definition a name, one way to each rank, whoever is lost meanwhile."""

from __future__ import annotations

from collections import deque

import pytest

from scoop_mpi._kernel.constants import Registry, Store
from scoop_mpi._kernel.protocol import (
    BROKER,
    Accepted,
    Actions,
    Constants,
    Define,
    Denied,
    Message,
    Send,
    Undefine,
)
from scoop_mpi._kernel.tree import Tree


class Ranks:
    """A registry and the stores of some ranks; what is sent arrives at once, unless held back."""

    def __init__(self, nodes: str = "aa") -> None:
        self.registry = Registry()
        self.stores = [Store(rank, len(nodes)) for rank in range(len(nodes))]
        for store in self.stores:
            store.tree = Tree(nodes)
        self.lost: set[int] = set()
        self.deaf: set[int] = set()
        """Ranks that get no news for now ..."""
        self.dying = -1
        """... from this one, if it is one."""
        self.sent: list[tuple[int, int]] = []
        """Sender and receiver of all news."""
        self.tickets = 0

    def define(self, rank: int, **items: bytes) -> Denied | None:
        """Have a rank make constants, and return why not."""
        self.tickets += 1
        definition = self.stores[rank].define(self.tickets, f"host:{rank}", tuple(items.items()))
        return self.ask(rank, definition)

    def undefine(self, rank: int, name: str) -> Denied | None:
        """Have a rank free a constant, and return why not."""
        self.tickets += 1
        return self.ask(rank, Undefine(self.tickets, name))

    def ask(self, rank: int, message: Define | Undefine) -> Denied | None:
        """Ask the registry, and return its verdict."""
        self.send(rank, BROKER, message)
        verdict = self.stores[rank].verdicts.pop(message.ticket)
        if isinstance(verdict, Denied):
            return verdict
        assert isinstance(verdict, Accepted)
        assert self.deaf or self.stores[rank].number == verdict.number
        return None

    def send(self, sender: int, to: int, message: Message) -> None:
        """Let a message arrive, and what follows from it."""
        todo: deque[tuple[int, int, Message]] = deque([(sender, to, message)])
        while todo:
            sender, to, message = todo.popleft()
            if {sender, to} & self.lost:
                continue
            if isinstance(message, Constants):
                self.sent.append((sender, to))
                if to in self.deaf and self.dying in (sender, -1):
                    continue
            actions: Actions
            if isinstance(message, Define):
                actions = self.registry.define(sender, message)
            elif isinstance(message, Undefine):
                actions = self.registry.undefine(sender, message)
            else:
                actions = self.stores[to].receive(sender, message)
            for action in actions:
                assert isinstance(action, Send)
                todo.append((to, action.to, action.message))
            for store in self.stores:
                store.validate()

    def lose(self, rank: int) -> None:
        """Lose a rank, and let all others know."""
        self.lost.add(rank)
        self.registry.lose(rank)
        for store in self.living:
            for action in store.lose(rank):
                assert isinstance(action, Send)
                self.send(self.stores.index(store), action.to, action.message)

    @property
    def living(self) -> list[Store]:
        """The stores of ranks that are not lost."""
        return [store for rank, store in enumerate(self.stores) if rank not in self.lost]

    def values(self, name: str) -> list[bytes | None]:
        """Return what each living rank knows by a name."""
        found = [store.known.get(name) for store in self.living]
        return [constant and constant.encoded for constant in found]


def test_a_name_is_defined_once() -> None:
    """A second definition is denied and names the first one's rank; nothing of it is made."""
    ranks = Ranks()
    assert ranks.define(1, a=b"1") is None
    assert ranks.define(BROKER, b=b"2", a=b"3") == Denied(2, "a", "host:1")
    assert ranks.values("a") == [b"1", b"1"]
    assert ranks.values("b") == [None, None]


def test_forgetting_is_local() -> None:
    """The others still know what one rank has forgotten."""
    ranks = Ranks()
    ranks.define(0, a=b"1")
    ranks.stores[1].forget("a")
    assert ranks.values("a") == [b"1", None]
    assert ranks.define(0, a=b"2") is not None


def test_what_is_forgotten_may_be_made_anew() -> None:
    """By the rank that has forgotten it, for every rank."""
    ranks = Ranks()
    ranks.define(0, a=b"1")
    ranks.stores[1].forget("a")
    assert ranks.define(1, a=b"2") is None
    assert ranks.values("a") == [b"2", b"2"]
    assert ranks.define(1, a=b"3") is not None


def test_only_one_of_two_makes_it_anew() -> None:
    """Who has forgotten an older definition than today's is denied."""
    ranks = Ranks()
    ranks.define(0, a=b"1")
    ranks.stores[0].forget("a")
    ranks.stores[1].forget("a")
    ranks.deaf = {1}
    assert ranks.define(0, a=b"2") is None
    assert ranks.define(1, a=b"3") == Denied(3, "a", "host:0")


def test_what_is_freed_is_gone_everywhere_and_may_be_made_anew() -> None:
    """By anybody, also where a rank had let go of it before."""
    ranks = Ranks("aabb")
    ranks.define(0, a=b"1", b=b"2")
    ranks.stores[3].forget("a")
    assert ranks.undefine(2, "a") is None
    assert ranks.values("a") == [None] * 4
    assert ranks.values("b") == [b"2"] * 4
    assert ranks.undefine(2, "a") == Denied(3, "a", "")
    assert ranks.define(1, a=b"3") is None
    assert ranks.values("a") == [b"3"] * 4


def test_a_call_that_runs_again_may_free_again() -> None:
    """What its first run has freed, before its rank was lost."""
    ranks = Ranks("aaa")
    ranks.define(0, a=b"1")
    ranks.undefine(1, "a")
    ranks.lose(1)
    assert ranks.undefine(2, "a") is None
    assert ranks.undefine(2, "never made") is not None


# --- the tree --------------------------------------------------------------------------------


@pytest.mark.parametrize("nodes", ["a", "aaaa", "aabbcc", "abcabc", "abcdefghijk", "aabbbacdaefgh"])
@pytest.mark.parametrize("lost", [(), (1,), (2, 3), (1, 2, 4)])
def test_every_living_rank_is_told_once(nodes: str, lost: tuple[int, ...]) -> None:
    """And each node from without only once."""
    ranks = Ranks(nodes)
    for rank in lost:
        if rank < len(nodes):
            ranks.lose(rank)
    ranks.define(0, a=b"1")
    living = [rank for rank in range(len(nodes)) if rank not in ranks.lost]
    told = [to for sender, to in ranks.sent if to != BROKER]
    assert sorted(told) == living[1:]
    arrived = [nodes[to] for sender, to in ranks.sent if nodes[sender] != nodes[to]]
    assert sorted(arrived) == sorted({nodes[rank] for rank in living} - {nodes[0]})


def test_no_rank_tells_many_nodes() -> None:
    """Also of a thousand."""
    tree = Tree(range(1000))
    assert max(len(tree.below(rank, set())) for rank in range(1000)) == 2


# --- losses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("nodes", ["aabbbccc", "abcdefgh", "aabbbbbb"])
@pytest.mark.parametrize("first", [False, True])
def test_what_a_lost_leader_did_not_pass_on_is_asked_for(nodes: str, *, first: bool) -> None:
    """Some that it told have the news, some have not: all have all, freed names too, and new ones."""
    for deaf in (set(), {3}, {4}, {5}, {3, 6}, {3, 4, 5, 6, 7}):
        ranks = Ranks(nodes)
        if not first:
            ranks.define(1, a=b"1", old=b"0")
        ranks.deaf, ranks.dying = deaf, 2
        ranks.define(0, b=b"2")
        if not first:
            ranks.undefine(0, "old")
        ranks.lose(2)
        ranks.deaf = set()
        ranks.lose(5)
        ranks.define(0, c=b"3")
        living = len(ranks.living)
        assert ranks.values("b") == [b"2"] * living, (deaf, nodes)
        assert ranks.values("c") == [b"3"] * living
        assert ranks.values("a") == [None if first else b"1"] * living
        assert ranks.values("old") == [None] * living


def test_the_news_of_a_loss_may_come_late() -> None:
    """Who is told by another before it knows why drops what it cannot place, and asks for it."""
    ranks = Ranks("abb")
    ranks.deaf = {1, 2}
    ranks.define(0, a=b"1")
    ranks.deaf = set()
    ranks.lost.add(1)
    told = ranks.stores[0].lose(1)
    ranks.define(0, b=b"2")  # comes to rank 2 before the `Newest` of rank 0
    assert ranks.values("b") == [b"2", None]
    for action in told:
        assert isinstance(action, Send)
        ranks.send(0, action.to, action.message)
    ranks.define(0, c=b"3")
    assert ranks.values("a") == [b"1"] * 2
    assert ranks.values("b") == [b"2"] * 2
    assert ranks.values("c") == [b"3"] * 2
