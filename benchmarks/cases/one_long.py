"""2,000 calls of which one lasts as long as 30 % of all: how close to the best possible.

With default settings: a chunk that holds the long call strands its neighbours. The long call stands
at several places, since no system knows before which one it is; the best possible does know.
"""

import statistics
import time

import work
from cases import Row, at_least

ROWS = (
    Row("median", "one call of 30 %, of the best possible", "", at_least(0.95), higher=True),
    Row("worst", "one call of 30 %, at its worst place", "", higher=True),
)

CALLS = 2000
TOTAL_S = 2.0
LONG_S = 0.3 * TOTAL_S
PLACES = (0, 200, 600, 1000, 1400)
"""Greedy scheduling would be perfect with each of them but the last (0.92)."""


def root(pool, places=PLACES):
    """Map with the long call at each place."""
    pool.map(work.burn, [1e-3] * 8)
    short_s = (TOTAL_S - LONG_S) / (CALLS - 1)
    best_s = max(TOTAL_S / pool.workers, LONG_S)
    parts = {}
    for place in places:
        seconds = [short_s] * CALLS
        seconds[place] = LONG_S
        started = time.perf_counter()
        pool.map(work.burn, seconds)
        parts[place] = best_s / (time.perf_counter() - started)
    values = parts.values()
    return {"median": statistics.median(values), "worst": min(values), "by_place": parts}
