"""The floors under which scoop_mpi is a toy: a million calls, a nested tree, a busy root.

    python benchmarks/foundation.py [--repeat 5]

Each case runs as a user would start it, the systems in turn, and the table shows medians. Times
on a shared machine mean little; the ratios, taken in the same run, are what counts.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"


def run(program, *args, ranks=None):
    """Run a program and return the numbers that it printed."""
    launcher = [] if ranks is None else ["-m", "scoop_mpi", "-n", str(ranks)]
    command = [sys.executable, "-W", "ignore", *launcher, str(PROGRAMS / program), *args]
    output = subprocess.run(command, check=True, timeout=300, capture_output=True, text=True).stdout
    return [float(word) for word in output.split()]


def medians(runs):
    """Return the median of each column."""
    return [statistics.median(column) for column in zip(*runs, strict=True)]


def main():
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="interleaved repetitions (5)")
    repeat = parser.parse_args().repeat
    ours, pools, single, double, busy = [], [], [], [], []
    for _ in range(repeat):
        ours.append(run("million.py", ranks=2))
        pools.append(run("million.py", "pool"))
        single.append(run("tree.py", ranks=1))
        double.append(run("tree.py", ranks=2))
        busy.append(run("busy_root.py", ranks=2))
    (ours_s,), (pool_s,) = medians(ours), medians(pools)
    print(f"median of {repeat} runs each")
    print(
        f"map(abs, range(10**6)), 2 ranks     {ours_s:8.3f} s   Pool(2): {pool_s:.3f} s   "
        f"ratio {ours_s / pool_s:.2f}"
    )
    print(f"fib(18), a task a call, 1 rank      {medians(single)[0]:8.1f} us a task")
    us, share = medians(double)
    print(f"fib(18), a task a call, 2 ranks     {us:8.1f} us a task   smaller share {share:.2f}")
    print(f"root busy for 2 s, 20 calls out     {medians(busy)[0]:8.0f} done meanwhile")


if __name__ == "__main__":
    main()
