"""Arrays out and back: MB/s, both ways counted. The call adds 1 and tells who made the result.

A root that computes too need not move what it runs itself: the part that crossed is shown. The limit
is the faster one of one worker (everybody spins) and two (the master naps); it moves raw buffers,
into memory that is there already on the worker and is new on the master.
"""

import os
import time

import work
from cases import Row, of_limit

ROWS = (
    Row("mbs_20", "20 arrays of 8 MB out and back", "MB/s", of_limit(0.8), higher=True, digits=4),
    Row(
        "mbs_200", "200 arrays of 80 KB out and back", "MB/s", of_limit(0.8), higher=True, digits=4
    ),
    Row("remote_20", "8 MB: part that another rank made", "", higher=True, compared=False),
    Row("remote_200", "80 KB: part that another rank made", "", higher=True, compared=False),
)

SHAPES = ((20, 1_000_000), (200, 10_000))
LONG_S = 10.0


def measure(system, repetition):
    """Run with two workers; the limit with one as well."""
    figures = system.run("arrays")
    if system.module_name == "limit":
        alone = system.run("arrays", workers=1)
        figures = {key: max(figures[key], alone[key]) for key in figures}
    return figures


def root(pool, shapes=SHAPES):
    """Map over arrays of floats, several times; return the medians."""
    import numpy

    figures = {}
    for count, size in shapes:
        arrays = [numpy.full(size, float(index)) for index in range(count)]
        times = []
        while len(times) < 6 and sum(times) < LONG_S:
            started = time.perf_counter()
            results = pool.map_arrays(work.shifted, arrays)
            times.append(time.perf_counter() - started)
            remote = sum(int(result[0]) != os.getpid() for result in results)
            assert all(result[-1] == index + 1 for index, result in enumerate(results))
        times = sorted(times[1:] or times)  # the first one finds memory and connections
        figures[f"mbs_{count}"] = 2 * count * size * 8 / times[len(times) // 2] / 1e6
        figures[f"remote_{count}"] = remote / count
    return figures
