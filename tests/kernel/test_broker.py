"""The broker alone: who is asked for whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scoop_mpi._kernel.broker import Broker
from scoop_mpi._kernel.protocol import Ask, Fed, Hungry, Refuse, Send, Surplus


def test_hunger_stands_until_there_is_surplus() -> None:
    """A request waits at the broker until somebody has calls to lend."""
    broker = Broker()
    assert broker.receive(2, Hungry(7)) == []
    assert broker.receive(1, Surplus()) == [Send(1, Ask(2, 7))]
    assert broker.hungry == {2}


def test_surplus_stands_until_it_is_refused() -> None:
    """A lender is asked again and again, and no more once it has refused."""
    broker = Broker()
    broker.receive(1, Surplus())
    assert broker.receive(2, Hungry(1)) == [Send(1, Ask(2, 1))]
    assert broker.receive(2, Fed(1)) == []
    assert broker.receive(3, Hungry(1)) == [Send(1, Ask(3, 1))]
    assert broker.receive(1, Refuse(3, 1)) == []
    assert broker.lenders == frozenset()
    assert broker.hungry == {3}


def test_a_refusal_asks_the_next() -> None:
    """A refused borrower is matched anew, and not with the one that refused."""
    broker = Broker()
    broker.receive(1, Surplus())
    broker.receive(2, Surplus())
    assert broker.receive(3, Hungry(1)) == [Send(1, Ask(3, 1))]
    assert broker.receive(1, Refuse(3, 1)) == [Send(2, Ask(3, 1))]


def test_nobody_is_asked_for_itself() -> None:
    """A rank that is hungry and has surplus is not its own lender."""
    broker = Broker()
    broker.receive(1, Surplus())
    assert broker.receive(1, Hungry(1)) == []
    assert broker.receive(2, Surplus()) == [Send(2, Ask(1, 1))]


def test_lenders_take_turns() -> None:
    """Requests are spread over those that have surplus."""
    broker = Broker()
    broker.receive(1, Surplus())
    broker.receive(2, Surplus())
    asked = []
    for rank in (3, 4, 5, 6):
        asked.append(broker.receive(rank, Hungry(1))[0].to)
        broker.receive(rank, Fed(1))
    assert asked == [1, 2, 1, 2]


def test_a_lender_is_asked_for_more_as_it_serves_more() -> None:
    """Of many hungry ranks, a lender is first asked for one; with each it serves, for one more."""
    broker = Broker()
    for rank in range(2, 20):
        broker.receive(rank, Hungry(1))
    asked = broker.receive(1, Surplus())
    sizes = []
    while asked:
        sizes.append(len(asked))
        served = [send.message.borrower for send in asked]
        asked = [send for rank in served for send in broker.receive(rank, Fed(1))]
        broker.validate()
    assert sizes == [1, 2, 4, 8, 3]


def test_a_refusal_closes_the_window() -> None:
    """A lender that has refused is asked for one borrower again, however much it served before."""
    broker = Broker()
    broker.receive(1, Surplus())
    for rank in (2, 3, 4):
        broker.receive(rank, Hungry(1))
        broker.receive(rank, Fed(1))
    for rank in (2, 3, 4):
        broker.receive(rank, Hungry(2))
    for rank in (2, 3, 4):
        broker.receive(1, Refuse(rank, 2))
    assert broker.receive(1, Surplus()) == [Send(1, Ask(2, 2))]
    broker.validate()


def test_late_words_are_ignored() -> None:
    """A confirmation or refusal of an older request changes nothing about the newer one."""
    broker = Broker()
    broker.receive(2, Hungry(1))
    broker.receive(2, Fed(1))
    broker.receive(2, Hungry(2))
    broker.receive(2, Fed(1))
    assert broker.hungry == {2}
    broker.receive(1, Surplus())
    assert broker.receive(1, Refuse(2, 1)) == []
    broker.validate()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=60))
def test_any_order_of_messages_is_survived(moves: list[tuple[int, int]]) -> None:
    """Whatever comes, the broker stays consistent, and asks once for each standing request."""
    broker = Broker()
    numbers = dict.fromkeys(range(5), 0)
    asked: dict[int, int] = {}
    for rank, kind in moves:
        if kind == 0:
            numbers[rank] += 1
            asked.pop(rank, None)
            actions = broker.receive(rank, Hungry(numbers[rank]))
        elif kind == 1:
            asked.pop(rank, None)
            actions = broker.receive(rank, Fed(numbers[rank]))
        elif kind == 2:
            actions = broker.receive(rank, Surplus())
        else:
            borrower = next((b for b, lender in asked.items() if lender == rank), None)
            if borrower is None:
                continue
            del asked[borrower]
            actions = broker.receive(rank, Refuse(borrower, numbers[borrower]))
        for action in actions:
            ask = action.message
            assert ask.request == numbers[ask.borrower]
            assert ask.borrower not in asked
            assert action.to != ask.borrower
            asked[ask.borrower] = action.to
        broker.validate()
        assert set(asked) <= broker.hungry
