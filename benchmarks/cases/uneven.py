"""200 calls with lognormal durations: how close to greedy list scheduling of the same durations.

Each of 20 named seeds, in random order and with the longest call last. The repetitions share the
seeds among them. Calls burn CPU time, not wall time; where `map` cuts chunks, peers get chunksize 1.
"""

import heapq
import random
import statistics
import time

import work
from cases import Row, at_least

ROWS = (
    Row("random_order", "uneven, random order, of greedy", "", at_least(0.97), higher=True),
    Row("longest_last", "uneven, longest last, of greedy", "", at_least(0.97), higher=True),
)

SEEDS = tuple(range(2001, 2021))
SIGMA = 1.2
CALLS = 200
TOTAL_S = 2.0
"""Of all 200 calls, in one process."""


def durations(seed, *, longest_last):
    """Return the seconds of each call."""
    chance = random.Random(seed)
    drawn = [chance.lognormvariate(0.0, SIGMA) for _ in range(CALLS)]
    seconds = [TOTAL_S * value / sum(drawn) for value in drawn]
    if longest_last:
        longest = max(seconds)
        seconds.remove(longest)
        seconds.append(longest)
    return seconds


def greedy_s(seconds, workers):
    """Return when the last call ends if each free worker takes the next one."""
    free = [0.0] * workers
    for call_s in seconds:
        heapq.heapreplace(free, free[0] + call_s)
    return max(free)


def measure(system, repetition):
    """Run this repetition's part of the seeds."""
    part = SEEDS[repetition % system.repeats :: system.repeats]
    return system.run("uneven", seeds=part, limit_s=20 + 6 * TOTAL_S * len(part))


def root(pool, seeds=SEEDS):
    """Return the median over seeds, and each one's efficiency."""
    pool.map_uneven(work.burn, [1e-3] * 8)
    figures = {}
    for key, longest_last in (("random_order", False), ("longest_last", True)):
        by_seed = {}
        for seed in seeds:
            seconds = durations(seed, longest_last=longest_last)
            started = time.perf_counter()
            pool.map_uneven(work.burn, seconds)
            by_seed[seed] = greedy_s(seconds, pool.workers) / (time.perf_counter() - started)
        figures[key] = statistics.median(by_seed.values())
        figures[f"{key}_by_seed"] = by_seed
    return figures
