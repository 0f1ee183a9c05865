"""Calls of 1 ms through rank 0, as ranks grow: how much of all ranks' time is spent in calls.

A sleep of 1 ms takes a little longer: it counts as what it takes in the root by itself. For
scoop_mpi, what the Broker had to do for it is told as well.
"""

import sys
import time

import work
from cases import Row, at_least

RANKS = (2, 4, 8, 16, 32, 64)
FEWER = {
    "mpi4py_futures": (2, 8, 16),
    "limit": (2, 8, 16),
    "executor": (2, 8, 16),
    "scoop_": (2, 8),
    "dask_": (2, 8),
    "ray_": (2, 8),
}
ROWS = (
    *(
        Row(f"part_{n}", f"naps of 1 ms, {n} ranks, efficiency", "", at_least(0.9), higher=True)
        for n in RANKS
    ),
    *(
        Row(f"rate_{n}", f"naps of 1 ms, {n} ranks, calls", "/s", None, higher=True, digits=5)
        for n in RANKS
    ),
    *(Row(f"broker_per_s_{n}", f"broker messages, {n} ranks", "/s", digits=4) for n in (16, 64)),
    *(Row(f"broker_us_{n}", f"broker, kernel's time a message, {n} ranks", "us") for n in (16, 64)),
)
ONLY = ("ours", *FEWER)
REPEATS = 1

NAP_S = 1e-3
CALLS_PER_RANK = 400


def measure(system, repetition):
    """Run with more and more ranks."""
    figures = {}
    for ranks in FEWER.get(system.module_name, RANKS):
        system.say(f"{ranks} ranks")
        found = system.run("throughput", workers=ranks, limit_s=60 + ranks, fails=False)
        if "part" in found:
            figures[f"part_{ranks}"] = found["part"]
            figures[f"rate_{ranks}"] = found["rate"]
            figures |= {f"{key}_{ranks}": found[key] for key in found if key.startswith("broker_")}
    return figures


def root(pool):
    """Map over naps."""
    pool.map_each(work.nap, [NAP_S] * 20 * pool.workers)
    started = time.perf_counter()
    for _ in range(50):
        work.nap(NAP_S)
    nap_s = (time.perf_counter() - started) / 50
    calls = CALLS_PER_RANK * pool.workers
    broker = watch_broker()
    started = time.perf_counter()
    pool.map_each(work.nap, [NAP_S] * calls)
    wall_s = time.perf_counter() - started
    figures = {"part": calls * nap_s / (wall_s * pool.workers), "rate": calls / wall_s}
    if broker and broker["messages"]:
        figures["broker_per_s"] = broker["messages"] / wall_s
        figures["broker_us"] = broker["seconds"] / broker["messages"] * 1e6
    return figures


def watch_broker():
    """Count and time what the Broker of this process takes, if it is scoop_mpi's rank 0.

    This reaches into the runtime, which has no public figures of it: None if it has changed.
    """
    if "scoop_mpi" not in sys.modules:
        return None
    from scoop_mpi._kernel.protocol import TO_BROKER
    from scoop_mpi._runtime.here import current

    takers = getattr(current(), "_takers", {})
    seen = {"messages": 0, "seconds": 0.0}

    def watched(plain):
        def take(sender, message):
            started = time.perf_counter()
            actions = plain(sender, message)
            seen["seconds"] += time.perf_counter() - started
            seen["messages"] += 1
            return actions

        return take

    for kind in TO_BROKER & takers.keys():
        takers[kind] = watched(takers[kind])
    return seen
