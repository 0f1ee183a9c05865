"""The root works 20 ms in pure Python on each of 200 results, while calls of 10 ms are out.

When was the last call done? With two workers, after 1.0 s at best. The root does not wait, so it is
not one of the two: systems whose root computes while it waits get a third rank.
"""

import time

import work
from cases import Row, at_most

ROWS = (Row("done_s", "busy root: 200 calls of 10 ms done after", "s", at_most(1.05)),)

CALLS = 200


def measure(system, repetition):
    """Run with two workers beside the root."""
    return system.run("busy_root", workers=3 if system.root_computes else 2, limit_s=40)


def root(pool):
    """Take results as they come, and work on each."""
    pool.map_each(work.nap, [0.01] * 8)
    started = time.monotonic()
    last = 0.0
    for ended in pool.results_as_completed(work.nap, [0.01] * CALLS):
        last = max(last, ended)
        until = time.perf_counter() + 0.02
        while time.perf_counter() < until:
            pass
    return {"done_s": last - started, "all_s": time.monotonic() - started}
