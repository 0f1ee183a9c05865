"""What streams and reductions of large arrays cost in memory and traffic. Prints it, as JSON.

    python benchmarks/data.py stream [--calls 10000000] [--ranks 2]
    python benchmarks/data.py reduce [--megabytes 100] [--ranks 8]

stream: a map over a generator with `buffersize`: seconds to the first result in a warm process, peak
memory of each rank after a tenth of the items and after all of them, us a call.

reduce: `mapReduce` of four arrays a rank: bytes that each rank sent and got, in arrays, and its peak
memory. Flat, the root would get all of them but its own.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy
import scoop_mpi
from scoop_mpi import futures


def increment(x):
    """Add one."""
    return x + 1


def make(seed, megabytes):
    """Return an array."""
    return numpy.full(megabytes * 125_000, float(seed))


def add(left, right):
    """Add in place: the left one is nobody else's."""
    left += right
    return left


def peaks():
    """Peak memory of each rank, in MiB."""
    return [round(rank.peak_rss_bytes / 2**20) for rank in scoop_mpi.statistics()]


def stream(calls):
    """Map over a generator, and look at the memory on the way."""
    list(futures.map(increment, range(1000), buffersize=100))
    begun = time.perf_counter()
    results = futures.map(increment, (i for i in range(calls)), buffersize=10_000)
    total = next(results)
    first_s = time.perf_counter() - begun
    for done, value in enumerate(results, 2):
        total += value
        if done == calls // 10:
            after_a_tenth = peaks()
    assert total == calls * (calls + 1) // 2
    seconds = time.perf_counter() - begun
    return {
        "first_result_ms": 1e3 * first_s,
        "us_a_call": 1e6 * seconds / calls,
        "peak_MiB_after_a_tenth": after_a_tenth,
        "peak_MiB_after_all": peaks(),
    }


def reduce(megabytes):
    """Reduce arrays, and count what travelled."""
    arrays = 4 * scoop_mpi.SIZE
    before = scoop_mpi.statistics()
    begun = time.perf_counter()
    total = futures.mapReduce(make, add, range(arrays), [megabytes] * arrays)
    seconds = time.perf_counter() - begun
    assert total[0] == total[-1] == arrays * (arrays - 1) // 2
    after = scoop_mpi.statistics()
    size = megabytes * 1_000_000
    pairs = list(zip(before, after, strict=True))
    return {
        "arrays": arrays,
        "seconds": seconds,
        "arrays_sent": [
            round((b.out_of_band_sent_bytes - a.out_of_band_sent_bytes) / size, 2) for a, b in pairs
        ],
        "arrays_got": [
            round((b.out_of_band_received_bytes - a.out_of_band_received_bytes) / size, 2)
            for a, b in pairs
        ],
        "peak_arrays": [round(rank.peak_rss_bytes / size, 1) for rank in after],
    }


def main():
    """Run the command line: start the ranks, or be one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", choices=["stream", "reduce"])
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--ranks", type=int)
    options = parser.parse_args()
    if not getattr(scoop_mpi, "IS_RUNNING", False):
        ranks = options.ranks or (2 if options.case == "stream" else 8)
        command = [sys.executable, "-m", "scoop_mpi", "-n", str(ranks), *sys.argv]
        sys.exit(subprocess.run(command, check=False).returncode)
    found = stream(options.calls) if options.case == "stream" else reduce(options.megabytes)
    print(json.dumps({"case": options.case, "ranks": scoop_mpi.SIZE} | found))


if __name__ == "__main__":
    main()
