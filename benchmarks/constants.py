"""A large constant, read by many calls: what it costs in memory and time. Prints both, as JSON.

    python benchmarks/constants.py [MB] [RANKS]

memory_ratio: new memory of all ranks together (their proportional shares, as the kernel counts them,
before the constant and after all calls), by the size of the constant. 1.0 is one copy on the node.

time_ratio: setConst and 100 calls that read it, by what cannot be spared in the same run: the bytes
written to fresh shared memory once, and each page of it touched once on each rank. Median of 5.
"""

import json
import mmap
import os
import subprocess
import sys
import time

import numpy
import scoop_mpi
from scoop_mpi import futures, shared

CALLS = 100


def proportional():
    """Bytes of this rank, shared pages by the share that it has in them."""
    with open("/proc/self/smaps_rollup") as file:
        sizes = dict(line.split(":", 1) for line in file if line.endswith("kB\n"))
    return 1024 * int(sizes["Pss"].split()[0])


def all_memory():
    """Bytes of all ranks together."""
    return sum(futures.run_everywhere(proportional))


def touch(index):
    """Read one value of each page."""
    table = shared.getConst("table", 0)
    return float(table[:: mmap.PAGESIZE // table.itemsize].sum())


def touch_plain(process, file):
    """The same, of shared memory that no constant is in."""
    with open(f"/proc/{process}/fd/{file}", "rb") as opened:
        table = numpy.frombuffer(mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ), float)
    return float(table[:: mmap.PAGESIZE // table.itemsize].sum())


def constant_s(table):
    """Set a constant, read it in many calls, and free it; return the seconds of the first two."""
    begun = time.perf_counter()
    shared.setConst(table=table)
    found = list(futures.map(touch, range(CALLS)))
    seconds = time.perf_counter() - begun
    shared.delConst("table")
    assert len(set(found)) == 1
    return seconds


def floor_s(table):
    """Write to fresh shared memory and touch it on each rank; return the seconds."""
    begun = time.perf_counter()
    file = os.memfd_create("floor")
    os.ftruncate(file, table.nbytes)
    memory = mmap.mmap(file, table.nbytes)
    numpy.frombuffer(memory, float)[:] = table
    found = futures.run_everywhere(touch_plain, os.getpid(), file)
    seconds = time.perf_counter() - begun
    os.close(file)
    assert len(set(found)) == 1
    return seconds


def main():
    """Measure."""
    table = numpy.arange(int(float(sys.argv[1]) * 1e6 / 8), dtype=float)
    list(futures.map(abs, range(1000)))
    constant_s(table[:100_000])
    floor_s(table[:100_000])
    before = all_memory()
    shared.setConst(table=table)
    list(futures.map(touch, range(CALLS)))
    new = all_memory() - before
    shared.delConst("table")
    rounds = [(constant_s(table), floor_s(table)) for _ in range(5)]
    ours, floor = (sorted(seconds)[2] for seconds in zip(*rounds))
    figures = {
        "bytes": table.nbytes,
        "new_bytes": new,
        "memory_ratio": round(new / table.nbytes, 3),
        "constant_s": round(ours, 4),
        "floor_s": round(floor, 4),
        "time_ratio": round(ours / floor, 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    if scoop_mpi.IS_RUNNING:
        main()
    else:
        size, ranks = (*sys.argv[1:], *("50", "4")[len(sys.argv) - 1 :])
        command = [sys.executable, "-m", "scoop_mpi", "-n", ranks, __file__, size]
        sys.exit(subprocess.run(command, check=False).returncode)
