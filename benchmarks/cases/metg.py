"""METG(50 %): the shortest call at which half of the machine's time is still work.

After Task Bench (Slaughter et al., SC20): the minimum effective task granularity. Calls are busy
loops; what one takes is measured in the same process, by itself. Efficiency is work / (wall x
cores in use), where ranks beyond the cores there are add no capacity. From long calls to short ones,
until less than half is work; then the crossing by bisection.
"""

import math
import os
import time

import work
from cases import Row, at_most

RANKS = (2, 4, 8, 16, 32, 64)
FEWER = {"mpi4py_futures": (2, 8, 32), "scoop_": (2, 8), "dask_": (2, 8)}
NO_TREE = ("mpi4py_futures",)

ROWS = (
    *(
        Row(f"flat_{n}", f"METG(50 %), map, {n} ranks", "us", at_most(1) if n == 2 else None)
        for n in RANKS
    ),
    *(
        Row(f"tree_{n}", f"METG(50 %), tree, {n} ranks", "us", at_most(20) if n == 2 else None)
        for n in RANKS
    ),
)
ONLY = ("ours", *FEWER)
REPEATS = 1

WORK_S = 0.4
"""Work in one map, in one process."""

LONGEST_S = 0.05
STEP = 4.0


def measure(system, repetition):
    """Run with more and more ranks."""
    figures = {}
    for ranks in FEWER.get(system.module_name, RANKS):
        system.say(f"{ranks} ranks")
        for kind in ("flat",) if system.module_name in NO_TREE else ("flat", "tree"):
            found = system.run("metg", workers=ranks, kind=kind, limit_s=60 + ranks, fails=False)
            if "us" in found:
                figures[f"{kind}_{ranks}"] = found["us"]
            figures[f"curve_{kind}_{ranks}"] = found
    return figures


def root(pool, kind):
    """Find the length of call at which efficiency crosses one half."""
    cores = min(pool.workers, len(os.sched_getaffinity(0)))
    pool.map(work.pid, range(20 * pool.workers))
    turn_s = calibrate()
    curve = []

    def efficiency(call_s):
        turns = max(0, round((call_s - turn_s[0]) / turn_s[1]))
        if kind == "flat":
            calls = max(2 * cores, min(1_000_000, round(WORK_S / call_s)))
            serial_s = serial(calls, turns)
            started = time.perf_counter()
            pool.map(work.spin, [turns] * calls)
        else:
            height = max(3, min(15, round(math.log2(WORK_S / call_s))))
            calls = 2**height - 1
            serial_s = serial(calls, turns)
            started = time.perf_counter()
            pool.map(work.binary_tree, [(height - 1, turns)] * 2)
        wall_s = time.perf_counter() - started
        curve.append((serial_s / calls * 1e6, serial_s / (wall_s * cores)))
        return curve[-1]

    return {"us": crossing(efficiency, turn_s[0]), "curve": curve}


def crossing(efficiency, least_s):
    """Return the microseconds at which efficiency is one half; of the shortest call, if more."""

    def best_of_two(call_s):
        """A neighbour on the machine can only make it worse: what is too little is seen twice."""
        first = efficiency(call_s)
        return (
            first if first[1] >= 0.5 else max(first, efficiency(call_s), key=lambda seen: seen[1])
        )

    long_s = LONGEST_S
    us, part = best_of_two(long_s)
    if part < 0.5:
        return math.inf
    while part >= 0.5:
        if long_s <= least_s * 1.01:
            return us
        above, long_s = us, max(least_s, long_s / STEP)
        us, part = best_of_two(long_s)
    below = us
    for _ in range(3):
        us, part = best_of_two(math.sqrt(above * below) * 1e-6)
        if part >= 0.5:
            above = us
        else:
            below = us
    return math.sqrt(above * below)


def calibrate():
    """Return the seconds of a call of no turns, and of a turn."""
    empty = min(serial(20_000, 0) for _ in range(3)) / 20_000
    return empty, min(serial(200, 1000) for _ in range(3)) / 200_000


def serial(calls, turns):
    """Return the seconds that calls take by themselves; few stand for many."""
    few = max(2, min(calls, int(20_000 / (1 + turns / 10))))
    started = time.perf_counter()
    list(map(work.spin, [turns] * few))
    return (time.perf_counter() - started) * calls / few
