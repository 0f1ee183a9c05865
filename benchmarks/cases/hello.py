"""A map over four items: the whole process, from the command line to its end.

For scoop_mpi also under `mpirun -n 2 python -m scoop_mpi`, beside `mpirun -n 2 python` of the same by
mpi4py's own send, and what `python -m scoop_mpi -n 2` adds to the former.
"""

import statistics
import tempfile
from pathlib import Path

import systems
from cases import Row, Target, at_most
from systems import limit

ROWS = (
    Row("s", "hello world, whole process", "s"),
    Row("mpirun_s", "hello under mpirun", "s"),
    Row(
        "over_limit",
        "hello under mpirun, over mpi4py's send",
        "x",
        Target("<= 1.3 x limit", lambda ours, row: ours <= 1.3),
    ),
    Row("adds_ms", "hello: our launcher adds", "ms", at_most(60)),
)

TIMES = 5
LONG_S = 1.0
"""A start that takes longer than this is not repeated so often."""


def measure(system, repetition):
    """Start hello world again and again; return medians."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "hello.py"
        program.write_text(system.module.HELLO)
        if system.module.ROLE == "ours":
            by_hand = Path(folder) / "by_hand.py"
            by_hand.write_text(limit.HELLO)
            return ours(system, str(program), str(by_hand))
        workers = 1 if system.module_name == "limit" else 2  # with its master, two ranks
        times = []
        while len(times) < TIMES and sum(times) < LONG_S * TIMES / 3:
            times.append(system.time(system.command(workers, str(program))))
        return {"s": statistics.median(times)}


def ours(system, program, by_hand):
    """Start it in the three ways, in turn."""
    mpirun = [*systems.mpiexec(system.python, 2), system.python]
    launcher, under, limits = [], [], []
    for _ in range(TIMES):
        launcher.append(system.time(system.command(2, program)))
        under.append(system.time([*mpirun, "-m", "scoop_mpi", program]))
        limits.append(system.time([*mpirun, by_hand]))
    return {
        "s": statistics.median(launcher),
        "mpirun_s": statistics.median(under),
        "limit_s": statistics.median(limits),
        "over_limit": statistics.median(under) / statistics.median(limits),
        "adds_ms": 1e3 * statistics.median(a - b for a, b in zip(launcher, under)),
    }
