"""From 10^3 to 10^7 calls in one map: cost a call, and memory of the root (its maximum RSS).

Neither may grow: a tenth is left for noise, and what results take is what serial's list takes.
"""

import resource
import time

import work
from cases import Row, Target, at_most


def judge_memory(ours, row):
    serial = row.values.get("serial")
    return None if serial is None else ours <= 1.5 * serial


SIZES = (10**3, 10**4, 10**5, 10**6, 10**7)
ROWS = (
    *(Row(f"us_{size}", f"map of 10^{len(str(size)) - 1}, a call", "us") for size in SIZES),
    Row("growth", "cost a call, 10^7 over 10^3", "x", at_most(1.1)),
    Row(
        "bytes", "root's memory a call, 10^6 to 10^7", "B", Target("<= 1.5 x serial", judge_memory)
    ),
)
ONLY = ("ours", "pool", "serial", "executor")
REPEATS = 1
BEARABLE_S = 30.0


def root(pool, sizes=SIZES):
    """Map over more and more calls."""
    pool.map(work.plus_one, range(1000))
    figures, peaks = {}, {}
    for size in sizes:
        times = []
        for _ in range(max(1, min(20, 10**6 // size))):
            started = time.perf_counter()
            results = pool.map(work.plus_one, range(size))
            times.append(time.perf_counter() - started)
            del results
            if sum(times) > BEARABLE_S / 3:
                break
        figures[f"us_{size}"] = sorted(times)[len(times) // 2] / size * 1e6
        peaks[size] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if times[0] * 10 > BEARABLE_S:
            break
    figures["peak_rss"] = peaks
    if 10**7 in peaks:
        figures["growth"] = figures["us_10000000"] / figures["us_1000"]
        figures["bytes"] = (peaks[10**7] - peaks[10**6]) / 9e6
    return figures
