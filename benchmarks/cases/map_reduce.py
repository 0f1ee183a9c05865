"""Sum of squares, by mapReduce or by what a system has for it (chunks by hand, then a sum)."""

import operator
import time

import work
from cases import Row, Target, at_most


def ahead_of_serial():
    return Target(
        "< serial",
        lambda ours, row: None if "serial" not in row.values else ours < row.values["serial"],
    )


ROWS = (
    Row("ms_100000", "sum of squares of 100,000", "ms", at_most(10)),
    Row("ms_1000000", "sum of squares of 1,000,000", "ms", ahead_of_serial()),
)


def root(pool, sizes=(100_000, 1_000_000)):
    """Sum the squares of so many integers, several times; return the medians."""
    figures = {}
    pool.map_reduce(work.square, operator.add, range(1000))
    for size in sizes:
        times = []
        while len(times) < 9 and sum(times) < 4.0:
            started = time.perf_counter()
            total = pool.map_reduce(work.square, operator.add, range(size))
            times.append(time.perf_counter() - started)
            assert total == (size - 1) * size * (2 * size - 1) // 6
        figures[f"ms_{size}"] = sorted(times)[len(times) // 2] * 1e3
        if times[0] > 2.0:
            break  # ten times more would take ten times longer, or a hundred
    return figures
