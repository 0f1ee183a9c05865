"""The matchmaker on rank 0: who is hungry, who has work to spare.

Rules:

1. Hunger stands. A request stays here until its borrower confirms with `Fed`. While it stands, at
   most one lender is asked at a time; a refusal asks the next.
2. Surplus stands too: an owner says it once, and is asked until it refuses.
3. Lenders are asked in turn, so that one that said `Surplus` first is not drained alone.
4. The broker sees neither callables nor arguments nor outcomes.
"""

from __future__ import annotations

from collections import OrderedDict

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
        """Ranks with surplus, next to be asked first."""

    def __repr__(self) -> str:
        return f"Broker(hungry={sorted(self._requests)}, lenders={sorted(self._lenders)})"

    @property
    def hungry(self) -> frozenset[int]:
        """The ranks whose requests stand."""
        return frozenset(self._requests)

    @property
    def lenders(self) -> frozenset[int]:
        """The ranks that said they have surplus."""
        return frozenset(self._lenders)

    def receive(self, sender: int, message: Message) -> Actions:
        """Take a message of one of the kinds in `protocol.TO_BROKER`."""
        if isinstance(message, Hungry):
            self._requests[sender] = message.request
            self._asked.pop(sender, None)
            self._unasked[sender] = None
        elif isinstance(message, Fed):
            if self._requests.get(sender) == message.request:
                del self._requests[sender]
                self._asked.pop(sender, None)
                self._unasked.pop(sender, None)
        elif isinstance(message, Surplus):
            self._lenders[sender] = None
        elif isinstance(message, Refuse):
            self._lenders.pop(sender, None)
            if self._requests.get(message.borrower) == message.request:
                self._asked.pop(message.borrower, None)
                self._unasked[message.borrower] = None
        return self._match()

    def _match(self) -> Actions:
        """Ask a lender for each request that nobody is asked for."""
        actions: Actions = []
        if not self._lenders:
            return actions
        for borrower in list(self._unasked):
            lender = self._choose(borrower)
            if lender is None:
                continue
            del self._unasked[borrower]
            self._asked[borrower] = lender
            actions.append(Send(lender, Ask(borrower, self._requests[borrower])))
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
