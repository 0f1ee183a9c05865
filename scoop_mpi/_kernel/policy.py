"""How much to lend, how much to run at a time, when to ask and when to give back.

Every number of the scheduling stands here, in seconds and calls. The durations of callables are
measured where they run and filed by key; nothing asks the user for a chunk size.
"""

from __future__ import annotations

import math
from collections import OrderedDict

GRAIN_S = 1e-3
"""A travelling piece should be worth at least this much work."""

GRAIN_PER_RANK_S = 150e-6
"""... and this much for each rank, so that the Broker's message rate stays bounded: at P ranks it
handles about three messages for each P x 150 us of a rank's work."""

BLOCK_S = 300e-6
"""Calls are claimed in blocks of at least this much work, if there is so much: each has its price, ..."""

BLOCK_MOST_S = 4e-3
"""... and at most this much, since what is claimed is not lent ..."""

BLOCK_PART = 8
"""... and no more than this part of a rank's fair share, so that ranks end together."""

SHORT_S = 1e-3
"""A block known to be shorter than this is run after asking for more, a longer one before."""

PROMPT_S = 100e-6
"""What is shorter than this is run before anybody is told of anything: the news then travel with
the outcomes, in one message. About a round trip, and the time in which more work comes."""

LAST_LOANS = 8
"""With more loans than this a rank is not nearly dry, whatever they are worth."""

WORTH_LENDING_S = 100e-6
"""Known work shorter than this is lent only by the tick, not at the very push."""

PATIENCE_S = 2e-3
"""A borrower that has not come back to choose for this long gives back what it has not started."""

PATIENCE_FACTOR = 3.0
"""... or for this many times what the running calls were expected to take."""

OUTBOX_S = 250e-6
"""Outcomes of short calls are collected for at most about this long once their loan is done."""

OUTBOX_LOAN_S = 2e-3
"""While it goes on, for this long: more outcomes will come, and each message has its price ..."""

OUTBOX_PER_RANK_S = 50e-6
"""... and for this long for each rank, so that an owner from whom all the others have borrowed hears
about 20,000 times a second at most."""

FAIR_SHARES = 3
"""A piece is this part of a rank's fair share of what is left."""

GROWTH = 4
"""A piece, or a block, is at most this many times as large as the largest before it."""

BUNDLE = 256
"""At most this many single calls travel in one message."""

PIECE_BYTES = 64 << 20
"""At most so many bytes of arguments travel in one, if it is more than one call: how much a rank has
to hold beside what it runs does not depend on how short its calls are."""

PARKED = 32
"""A rank with this many parked calls takes no foreign work, and gives back what it holds."""

PARKED_AFTER_LOSS = 1024
"""So many once a rank was lost: a call in doubt needs another rank, though all have parked many."""

RETRIES = 2
"""How often a call is run again whose rank was lost."""

DOUBT_S = 1.0
"""A call whose rank was lost waits so long for another rank before its owner dares to run it."""

ROOT_HELPS_UP_TO = 64
"""With more ranks than this the Broker is busy, and rank 0 leaves long calls to the others."""

UNSEEN = 1000
"""At most so many failures that nobody looked at are kept for the report at the end."""

LEND_S = 30e-6
"""What a piece costs the rank that lends it, from the request to its outcomes."""

PLENTY = 6
"""So many calls for each rank are more for everybody: nobody is short of what waits elsewhere."""

WINDOW = 1
"""A lender is asked for so many borrowers at a time until it has shown that it has more."""

FADE = 0.7
"""What is left of the weight of a measured duration when the next one comes."""

CLOCK_S = 1e-9
"""No call is taken to be shorter."""

PARTS = 4
"""A reduction of which nothing is known yet offers parts down to one in so many of a rank's share."""

TRAVELS = 4.0
"""A part of a reduction is worth this many times what its value takes to travel, ..."""

BYTES_A_SECOND = 1e9
"""... taken to be so fast."""

STREAM_GRAINS = 4
"""A run of a stream is worth so many grains for each rank, if its window is large enough ..."""

STREAM_PARTS = 4
"""... and at most this part of the window: while one is yielded, the others are worked on."""

KEYS = 1024
"""So many callables are remembered by duration."""


class Durations:
    """Seconds a call takes, by key: a mean in which old measurements fade."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def note(self, key: str, seconds: float, calls: int) -> None:
        """File that `calls` calls took `seconds` in all."""
        before = self._seen.get(key)
        if before is None:
            if len(self._seen) >= KEYS:
                self._seen.popitem(last=False)
            self._seen[key] = (seconds, float(calls))
        else:
            self._seen[key] = before[0] * FADE + seconds, before[1] * FADE + calls

    def hint(self, key: str, seconds: float) -> None:
        """Take somebody else's estimate for a callable that was never timed here."""
        if seconds >= 0.0 and key not in self._seen:
            self.note(key, seconds, 1)

    def expect(self, key: str) -> float | None:
        """Return the expected seconds of one call, or None if it is unknown."""
        seen = self._seen.get(key)
        return None if seen is None else seen[0] / seen[1]


def grain_s(ranks: int) -> float:
    """Return the seconds of work that a travelling piece should be worth."""
    return max(GRAIN_S, ranks * GRAIN_PER_RANK_S)


def piece(left: int, ranks: int, call_s: float | None, largest: int) -> int:
    """Return how many of `left` unstarted calls to lend in answer to one request.

    An unknown callable starts with one call. A known one is cut to a part of the fair share, at
    least the grain, at most the fair share, and grows from piece to piece. But where ranks are many
    and calls few, to hand out fair shares would take longer than to run them: pieces of k calls
    keep the lender busy for left / k x LEND_S, and the last of them takes k x call_s; both are the
    same, and their sum is least, at k = sqrt(left x LEND_S / call_s).
    """
    if call_s is None:
        return 1
    call_s = max(call_s, CLOCK_S)
    fair = max(-(-left // ranks), round(math.sqrt(left * LEND_S / call_s)))
    guided = -(-left // (FAIR_SHARES * ranks))
    worth = int(grain_s(ranks) / call_s) + 1
    return max(1, min(max(guided, worth), fair, left, GROWTH * largest))


def fitting(calls: int, call_bytes: int) -> int:
    """Return how many of so many calls may travel together by the size of their arguments."""
    if calls * call_bytes <= PIECE_BYTES:
        return calls
    return max(1, PIECE_BYTES // call_bytes)


def is_plenty(left: int, ranks: int) -> bool:
    """Return whether every rank could have some more of so many calls."""
    return left >= PLENTY * ranks


def lead_s(ranks: int) -> float:
    """Return how long before it runs dry a rank asks for more.

    A round trip; or so long that a lender can serve everybody, if all are dry at the same time.
    """
    return max(PROMPT_S, ranks * LEND_S)


def block(left: int, ranks: int, call_s: float | None) -> int:
    """Return how many of `left` calls to claim at once for running: BLOCK_S worth, or more."""
    if call_s is None:
        return 1
    left_s = call_s * left
    if left_s <= BLOCK_S + PROMPT_S:
        return left  # no crumb is left behind
    worth_s = min(max(BLOCK_S, left_s / (BLOCK_PART * ranks)), BLOCK_MOST_S)
    return max(1, int(worth_s / call_s))


def stream_run(size: int, ranks: int, call_s: float | None, largest: int) -> int:
    """Return how many calls of a stream to submit as one task.

    Args:
        size: How many may be submitted and not yielded.
        largest: The longest run so far, 1 in the beginning.
    """
    calls = GROWTH * largest
    if call_s is not None:
        calls = min(calls, int(STREAM_GRAINS * ranks * grain_s(ranks) / max(call_s, CLOCK_S)) + 1)
    return max(1, min(calls, size // STREAM_PARTS))


def part_is_worth(runs: int, ranks: int, run_s: float, value_bytes: int) -> bool:
    """Return whether a part of a reduction is offered to other ranks.

    Args:
        run_s: What one of its runs takes.
        value_bytes: The size of what comes back.
    """
    return runs * run_s >= max(grain_s(ranks) / 2, TRAVELS * value_bytes / BYTES_A_SECOND)


def outbox_s(ranks: int) -> float:
    """Return how long outcomes may lie here while their loan goes on."""
    return max(OUTBOX_LOAN_S, ranks * OUTBOX_PER_RANK_S)


def patience_s(expected_s: float) -> float:
    """Return how long a borrower may be away in calls expected to take so long."""
    return max(PATIENCE_S, PATIENCE_FACTOR * expected_s)


def root_may_run(ranks: int, call_s: float | None) -> bool:
    """Return whether rank 0, which hosts the Broker, runs such a call while it waits."""
    return ranks <= ROOT_HELPS_UP_TO or (call_s is not None and call_s <= SHORT_S)
