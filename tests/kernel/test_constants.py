"""Constants: one definition a name, unless its definer has forgotten that very one."""

from __future__ import annotations

from scoop_mpi._kernel.constants import Registry, Store
from scoop_mpi._kernel.protocol import BROKER, Constants, Denied, Send

RANKS = 2


class Ranks:
    """A registry and the stores of two ranks; what is sent arrives at once, unless held back."""

    def __init__(self) -> None:
        self.registry = Registry(RANKS)
        self.stores = [Store() for _ in range(RANKS)]
        self.tickets = 0

    def define(self, rank: int, deaf: tuple[int, ...] = (), **items: bytes) -> Denied | None:
        """Have a rank make constants, and return the verdict."""
        self.tickets += 1
        store = self.stores[rank]
        definition = store.define(self.tickets, f"host:{rank}", tuple(items.items()))
        for action in self.registry.define(rank, definition):
            assert isinstance(action, Send)
            if isinstance(action.message, Denied):
                return action.message
            assert isinstance(action.message, Constants)
            if action.to not in deaf:
                self.stores[action.to].learn(action.to, action.message)
        return store.verdicts.pop(self.tickets)

    def values(self, name: str) -> list[bytes | None]:
        """Return what each rank knows by a name."""
        found = [store.known.get(name) for store in self.stores]
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
    assert ranks.define(0, deaf=(1,), a=b"2") is None
    assert ranks.define(1, a=b"3") == Denied(3, "a", "host:0")
