"""A tree of calls that make calls: microseconds a task, and whether all ranks work on it.

A Fibonacci tree; each node above the cut-off maps over its two children, on the pool.
"""

import time

import work
from cases import Row, at_least, at_most

ROWS = (
    Row("us", "nested tree, a task", "us", at_most(5)),
    Row(
        "smaller_share",
        "nested tree, smaller rank's share",
        "",
        at_least(0.1),
        higher=True,
        compared=False,
    ),
    Row("leaf_us", "nested tree, leaves of 100 us, a task", "us"),
    Row(
        "speed_up",
        "nested tree, leaves of 100 us, 2 ranks over 1",
        "x",
        at_least(1.7),
        higher=True,
        compared=False,
    ),
)

ONLY = ("ours", "scoop_", "joblib_", "dask_", "ray_", "serial", "executor", "pool")
HEIGHT = 17
"""5,167 nodes, of which 5,166 are tasks."""
LEAF_HEIGHT = 16
"""3,193 nodes: half of them are leaves."""
LEAF_S = 100e-6


def measure(system, repetition):
    """Run the tiny tree on two, and the one with longer leaves on one and on two."""
    figures = system.run("nested", limit_s=20)
    if "us" not in figures:
        return figures
    two = system.run("nested", height=LEAF_HEIGHT, leaf_s=LEAF_S, limit_s=30)
    one = system.run("nested", workers=1, height=LEAF_HEIGHT, leaf_s=LEAF_S, limit_s=30)
    return figures | {
        "leaf_us": two["us"],
        "leaf_smaller_share": two["smaller_share"],
        "speed_up": one["us"] / two["us"],
    }


def root(pool, height=HEIGHT, leaf_s=0.0):
    """Walk the tree once to warm up, then three times; return the median."""
    if pool.workers > 1:
        pool.map(work.pid, range(8))
    pool.map(work.fib_tree, [(6, leaf_s), (6, leaf_s)])
    times = []
    while len(times) < 3 and sum(times) < 8.0:
        started = time.perf_counter()
        pool.map(work.fib_tree, [(height - 1, leaf_s), (height - 2, leaf_s)])
        times.append(time.perf_counter() - started)
    tasks = work.fib_nodes(height) - 1
    return {
        "us": sorted(times)[len(times) // 2] / tasks * 1e6,
        "smaller_share": smaller_share(pool),
    }


def smaller_share(pool):
    """Return the smallest part of all nodes that any process ran."""
    seen = {}
    for _ in range(10):
        for pid, count in pool.map_each(work.counted, range(4 * pool.workers)):
            seen[pid] = max(count, seen.get(pid, 0))
    if len(seen) < pool.workers:
        return 0.0
    return sorted(seen.values())[-pool.workers] / max(1, sum(seen.values()))
