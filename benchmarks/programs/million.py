"""Seconds for `map(abs, range(1_000_000))`, by scoop_mpi or by multiprocessing.Pool(2).

python -m scoop_mpi -n 2 million.py        python million.py pool
"""

import sys
import time
from multiprocessing import Pool

from scoop_mpi import futures

CALLS = 1_000_000


def time_map(parallel_map):
    """Return the seconds of one map, whose results are checked."""
    started = time.perf_counter()
    results = list(parallel_map(abs, range(CALLS)))
    seconds = time.perf_counter() - started
    assert results == list(range(CALLS))
    return seconds


if __name__ == "__main__":
    if sys.argv[1:] == ["pool"]:
        with Pool(2) as pool:
            time_map(pool.map)  # the first one starts the processes
            print(time_map(pool.map))
    else:
        time_map(futures.map)
        print(time_map(futures.map))
