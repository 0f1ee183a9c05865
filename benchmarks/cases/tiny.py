"""A map of a trivial function, with default settings: microseconds a call."""

import time

import work
from cases import Row, best_peer

ROWS = tuple(
    Row(f"us_{calls}", f"tiny map of {calls:,}, a call", "us", best_peer())
    for calls in (1_000_000, 20_000, 200)
)

BEARABLE_S = 20.0
"""A map that would take longer is left out: the system's figure for fewer calls says enough."""


def root(pool, calls=(200, 20_000, 1_000_000)):
    """Map over more and more calls, each several times; return the medians."""
    check(pool.map(work.plus_one, range(1000)))  # processes are there, and imports are done
    figures = {}
    call_s = 0.0
    for count in calls:
        if call_s * count > BEARABLE_S:
            break
        repeats = max(1, min(30, int(2_000_000 / count)))
        times = []
        while len(times) < repeats and sum(times) < BEARABLE_S / 4:
            started = time.perf_counter()
            results = pool.map(work.plus_one, range(count))
            times.append(time.perf_counter() - started)
            check(results)
        call_s = sorted(times)[len(times) // 2] / count
        figures[f"us_{count}"] = call_s * 1e6
    return figures


def check(results):
    """Assert that the results are right."""
    assert list(results) == list(range(1, len(results) + 1))
