"""Arrays out and back: MB/s, both ways counted. The call adds 1 and tells who made the result.

`all remote` counts only what did cross: a root that computes too moves less than half.
"""

import os
import time

import work
from cases import Row, of_limit

ROWS = (
    Row("mbs_20", "20 arrays of 8 MB out and back", "MB/s", of_limit(0.8), higher=True, digits=4),
    Row("mbs_200", "200 arrays of 80 KB out and back", "MB/s", of_limit(0.8), higher=True, digits=4),
    Row("remote_20", "8 MB: part that another rank made", "", higher=True),
    Row("remote_200", "80 KB: part that another rank made", "", higher=True),
)

SHAPES = ((20, 1_000_000), (200, 10_000))


def root(pool, shapes=SHAPES):
    """Map over arrays of floats, several times; return the medians."""
    import numpy

    figures = {}
    for count, size in shapes:
        arrays = [numpy.full(size, float(index)) for index in range(count)]
        times = []
        for _ in range(6):
            started = time.perf_counter()
            results = pool.map_arrays(work.shifted, arrays)
            times.append(time.perf_counter() - started)
            remote = sum(int(result[0]) != os.getpid() for result in results)
            assert all(result[-1] == index + 1 for index, result in enumerate(results))
        times = sorted(times[1:])
        figures[f"mbs_{count}"] = 2 * count * size * 8 / times[len(times) // 2] / 1e6
        figures[f"remote_{count}"] = remote / count
    return figures
