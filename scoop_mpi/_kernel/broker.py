"""The matchmaker on rank 0: who is hungry, who has work to spare.

Rules:

1. Hunger stands. A request stays here until its borrower confirms with `Fed`. While it stands, at
   most one lender is asked at a time; a refusal asks the next.
2. Surplus stands too: an owner says it once, and is asked until it refuses.
3. Lenders are asked in turn, so that one that said `Surplus` first is not drained alone.
4. A lender has a window of unanswered requests. It opens by one with each that was served, so that
   it doubles with each round trip while the lender has plenty, and is back at its first size with
   a refusal. So a rank with three calls to spare is not asked for a thousand hungry ones.
5. The broker sees neither callables nor arguments nor outcomes.
"""

from __future__ import annotations

from collections import OrderedDict

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.protocol import Actions, Ask, Fed, Hungry, Message, Refuse, Send, Surplus


class Broker:
    """Matches standing requests with ranks that have surplus."""

    def __init__(self) -> None:
        self._requests: dict[int, int] = {}
        """Standing requests: borrower -> number."""
        self._unasked: OrderedDict[int, None] = OrderedDict()
        """Borrowers whose request nobody has been asked to serve, oldest first."""
        self._asked: dict[int, int] = {}
        """Borrower -> the lender that was asked and has neither refused nor been confirmed."""
        self._lenders: OrderedDict[int, None] = OrderedDict()
        """Ranks with surplus and an open window, next to be asked first."""
        self._full: set[int] = set()
        """Ranks with surplus and as many unanswered requests as their window allows."""
        self._unanswered: dict[int, int] = {}
        """Lender -> for how many borrowers it is asked and has not answered."""
        self._windows: dict[int, int] = {}
        """Lender -> for how many borrowers it may be asked at a time."""

    def __repr__(self) -> str:
        return f"Broker(hungry={sorted(self._requests)}, lenders={sorted(self.lenders)})"

    @property
    def hungry(self) -> frozenset[int]:
        """The ranks whose requests stand."""
        return frozenset(self._requests)

    @property
    def lenders(self) -> frozenset[int]:
        """The ranks that said they have surplus."""
        return frozenset(self._full | self._lenders.keys())

    def receive(self, sender: int, message: Message) -> Actions:
        """Take a message of one of the kinds in `protocol.TO_BROKER`."""
        if type(message) is Hungry:
            self._answered(sender, served=True)
            self._requests[sender] = message.request
            self._unasked[sender] = None
        elif type(message) is Fed:
            if self._requests.get(sender) == message.request:
                self._answered(sender, served=True)
                del self._requests[sender]
                self._unasked.pop(sender, None)
        elif type(message) is Surplus:
            self._full.add(sender)
            self._look_at(sender)
        elif type(message) is Refuse:
            self._full.discard(sender)
            self._lenders.pop(sender, None)
            if self._requests.get(message.borrower) == message.request:
                self._answered(message.borrower, served=False)
                self._unasked[message.borrower] = None
        return self._match() if self._unasked and self._lenders else []

    def lose(self, rank: int) -> Actions:
        """Forget a lost rank: it hungers no more, and whom it was to serve is served by others."""
        self._answered(rank, served=True)
        self._requests.pop(rank, None)
        self._unasked.pop(rank, None)
        for borrower in [borrower for borrower, lender in self._asked.items() if lender == rank]:
            del self._asked[borrower]
            self._unasked[borrower] = None
        self._full.discard(rank)
        self._lenders.pop(rank, None)
        self._unanswered.pop(rank, None)
        self._windows.pop(rank, None)
        return self._match()

    def _answered(self, borrower: int, *, served: bool) -> None:
        """The lender that was asked for this borrower, if any, has answered."""
        lender = self._asked.pop(borrower, None)
        if lender is None:
            return
        self._unanswered[lender] -= 1
        self._windows[lender] = self._window(lender) + 1 if served else policy.WINDOW
        self._look_at(lender)

    def _window(self, lender: int) -> int:
        return self._windows.get(lender, policy.WINDOW)

    def _look_at(self, lender: int) -> None:
        """Book a rank that has surplus by whether it may be asked."""
        is_full = self._unanswered.get(lender, 0) >= self._window(lender)
        if lender in self._full and not is_full:
            self._full.remove(lender)
            self._lenders[lender] = None
        elif lender in self._lenders and is_full:
            del self._lenders[lender]
            self._full.add(lender)

    def _match(self) -> Actions:
        """Ask a lender for each request that nobody is asked for, while there are lenders."""
        actions: Actions = []
        for borrower in list(self._unasked):
            lender = self._choose(borrower)
            if lender is not None:
                del self._unasked[borrower]
                self._asked[borrower] = lender
                self._unanswered[lender] = self._unanswered.get(lender, 0) + 1
                self._look_at(lender)
                actions.append(Send(lender, Ask(borrower, self._requests[borrower])))
            elif not self._lenders:
                break
        return actions

    def _choose(self, borrower: int) -> int | None:
        """Return the lender whose turn it is, not the borrower itself."""
        for lender in self._lenders:
            if lender != borrower:
                self._lenders.move_to_end(lender)
                return lender
        return None

    def validate(self) -> None:
        """Assert that every standing request is either asked for or waits to be."""
        for borrower in self._requests:
            assert (borrower in self._asked) != (borrower in self._unasked), self
        assert set(self._asked) | set(self._unasked) == set(self._requests), self
        asked = list(self._asked.values())
        for lender, unanswered in self._unanswered.items():
            assert unanswered == asked.count(lender), self
        assert not self._full & self._lenders.keys(), self
        for lender in self.lenders:
            is_full = self._unanswered.get(lender, 0) >= self._window(lender)
            assert is_full == (lender in self._full), self
