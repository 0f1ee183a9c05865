"""Nothing to do for a while: what it costs, whom it slows, and how soon a call is answered then.

Four processes in all, the root among them. CPU seconds are those of the whole process tree. The
neighbours are a busy loop on each core, timed while the tree sleeps and while it is stopped, in turns.
"""

import os
import signal
import statistics
import subprocess
import sys
import time

import machine
import work
from cases import Row, at_most

ROWS = (
    Row("cpu_s", "idle: CPU of all processes in 5 s", "s", at_most(0.05)),
    Row("slow_down", "idle: busy neighbours slowed by", "%", at_most(3.0)),
    Row("after_silence_us", "round trip after 1 s of silence", "us", at_most(600)),
)

RANKS = 4
IDLE_S = 5.0
TURNS = 8
ROUND_TRIPS = 5
NEIGHBOURS_S = 4.0
REPEATS = 1

NEIGHBOUR = """
import sys, time
for _ in sys.stdin:
    started = time.perf_counter()
    for _ in range(3_000_000):
        pass
    print(time.perf_counter() - started, flush=True)
"""


def measure(system, repetition):
    """Watch four processes from outside."""
    workers = RANKS if system.root_computes else RANKS - 1
    return system.run("idle", workers=workers, on_mark=on_mark, limit_s=90)


def root(pool):
    """Work a little, be silent for long, then ask."""
    pool.map(work.pid, range(100))
    time.sleep(0.5)
    print("@mark idle", flush=True)
    time.sleep(IDLE_S + 1.0)
    print("@mark neighbours", flush=True)
    time.sleep(NEIGHBOURS_S + 1.5)
    times = []
    try:
        for _ in range(ROUND_TRIPS):
            time.sleep(1.0)
            started = time.perf_counter()
            ran = pool.call(work.pid)
            took = time.perf_counter() - started
            if ran != os.getpid():
                times.append(took * 1e6)
    except Exception as error:
        if type(error).__name__ != "NotOffered":
            raise
    return {"after_silence_us": statistics.median(times)} if len(times) > ROUND_TRIPS // 2 else {}


def on_mark(name, tree):
    """Measure, while the root sleeps."""
    if name == "neighbours":
        return neighbours(tree)
    before = tree.cpu_s()
    time.sleep(IDLE_S)
    after = tree.cpu_s()
    # Threads that ended meanwhile are not counted.
    return {"cpu_s": sum(seconds - before.get(task, 0.0) for task, seconds in after.items())}


def neighbours(tree):
    """Return by how much loops on all cores are slower beside the tree than beside none."""
    loops = [
        subprocess.Popen(
            [sys.executable, "-c", NEIGHBOUR],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(machine.CORES)
    ]

    def turn():
        for loop in loops:
            loop.stdin.write("\n")
            loop.stdin.flush()
        return statistics.mean(float(loop.stdout.readline()) for loop in loops)

    beside, alone = [], []
    end = time.perf_counter() + NEIGHBOURS_S
    try:
        turn()
        while len(alone) < TURNS and time.perf_counter() < end:
            beside.append(turn())
            tree.signal(signal.SIGSTOP)
            alone.append(turn())
            tree.signal(signal.SIGCONT)
    finally:
        tree.signal(signal.SIGCONT)
        for loop in loops:
            loop.kill()
            loop.communicate()
    ratios = [with_tree / without for with_tree, without in zip(beside, alone)]
    return {"slow_down": 100.0 * (statistics.median(ratios) - 1.0)}
