"""What recording (`--report`, `--trace`) costs: the same calls with and without it, in one process.

    python benchmarks/recording.py [--calls N] [--instructions]

Pieces with and without take turns, so that a busy machine slows both; the ratio is of their medians.
With --instructions, valgrind counts instead, which a busy machine does not change: how many instructions
a call costs more. A call of 1 ms is some 3,000,000 instructions.
"""

import argparse
import statistics
import sys
import sysconfig
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

PIECE = 100
PACKAGES = sysconfig.get_paths()["purelib"]


def work(count):
    """Work by a fixed number of steps: 1 ms or so."""
    total = 0
    for number in range(count):
        total += number
    return total


def nothing(_):
    pass


def make_loop(recorded):
    from scoop_mpi._runtime.loop import Loop
    from scoop_mpi._runtime.seeing.trace.recorder import Recorder
    from scoop_mpi._runtime.wire.transport import Alone

    loop = Loop(Alone())
    if recorded:
        Recorder(loop)
    return loop


def submit_and_wait(loop, function, argument, calls):
    """Each call is a block of its own: the dearest way."""
    from scoop_mpi import futures
    from scoop_mpi._runtime import here

    here.install(loop)
    for _ in range(calls):
        futures.submit(function, argument).result()


def piece_s(loop, steps):
    started = time.process_time()
    submit_and_wait(loop, work, steps, PIECE)
    return time.process_time() - started


def compare(calls):
    loops = make_loop(False), make_loop(True)
    started = time.process_time()
    work(100_000)
    steps = int(100_000 * 1e-3 / (time.process_time() - started))
    for loop in loops:
        piece_s(loop, steps)
    times = [[piece_s(loop, steps) for loop in loops] for _ in range(max(5, calls // PIECE))]
    off, on = (statistics.median(column) for column in zip(*times))
    print(f"calls of {off / PIECE * 1e3:.2f} ms: recorded / not recorded = {on / off:.4f}")


def instructions():
    from instructions import count, find_counter

    counter = find_counter()
    each = {}
    for recorded in ("off", "on"):
        counts = [
            count(counter, [__file__, "--run", recorded, str(n), PACKAGES]) for n in (500, 1500)
        ]
        each[recorded] = (counts[1] - counts[0]) / 1000
    more = each["on"] - each["off"]
    print(f"a submitted call that does nothing, counted by {counter}:")
    print(f"  not recorded {each['off']:,.0f}, recorded {each['on']:,.0f}: {more:,.0f} more")
    print(f"  of a call of 1 ms (3,000,000): {more / 3e4:.2f} %")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        sys.path.append(options.run[2])  # it runs without `site`, whose instructions vary
        submit_and_wait(make_loop(options.run[0] == "on"), nothing, 0, int(options.run[1]))
    elif options.instructions:
        instructions()
    else:
        compare(options.calls)


if __name__ == "__main__":
    main()
