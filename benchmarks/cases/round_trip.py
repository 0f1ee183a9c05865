"""One call, there and back: by another rank, and by the caller itself.

Two processes: the caller, and one that answers. A short pause before each call lets the other one
become hungry again. Each call returns the process that ran it: only those count that another
process ran (or, for the inline rows, the caller).
"""

import os
import time

import work
from cases import Row, at_most

ROWS = (
    Row("remote_us", "round trip to another rank, median", "us", at_most(25)),
    Row("remote_p99_us", "round trip to another rank, p99", "us"),
    Row(
        "p99_over_median",
        "round trip to another rank, p99 / median",
        "x",
        at_most(10),
        compared=False,
    ),
    Row("rested_us", "round trip after 1 ms of rest, median", "us"),
    Row("remote_share", "round trip: part that another rank ran", "", higher=True, compared=False),
    Row("inline_us", "round trip, caller runs it itself, median", "us", at_most(3)),
)

PAUSE_S = 20e-6
REST_S = 1e-3
CALLS = 1000


def measure(system, repetition):
    """Run with one other process."""
    return system.run("round_trip", workers=2 if system.root_computes else 1)


def root(pool, calls=CALLS):
    """Make round trips of both kinds."""
    figures = {}
    try:
        remote, share = trips(pool.call, calls, PAUSE_S, elsewhere=True)
        figures["remote_share"] = share
        if share > 0.5:
            rested, _ = trips(pool.call, min(300, len(remote)), REST_S, elsewhere=True)
            median = percentile(remote, 0.5)
            figures["remote_us"] = median
            figures["remote_p99_us"] = percentile(remote, 0.99)
            figures["p99_over_median"] = percentile(remote, 0.99) / median
            figures["rested_us"] = percentile(rested, 0.5)
    except Exception as error:
        if type(error).__name__ != "NotOffered":
            raise
    try:
        inline, share = trips(pool.call_here, calls, 0.0, elsewhere=False)
        if share > 0.5:
            figures["inline_us"] = percentile(inline, 0.5)
    except Exception as error:
        if type(error).__name__ != "NotOffered":
            raise
    return figures


def trips(call, calls, pause_s, *, elsewhere):
    """Return the microseconds of those calls that the right process ran, and their share."""
    own = os.getpid()
    deadline = time.perf_counter() + 15.0
    times, made = [], 0
    for number in range(50 + calls):
        end = time.perf_counter() + pause_s
        while time.perf_counter() < end:
            pass
        started = time.perf_counter()
        ran = call(work.pid)
        took = time.perf_counter() - started
        if number < 50:
            continue
        made += 1
        if (ran != own) == elsewhere:
            times.append(took * 1e6)
        if started > deadline:
            break
    return times, len(times) / made


def percentile(values, part):
    """Return a percentile."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
