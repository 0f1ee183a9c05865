"""Arrays to another rank and back, beside bare MPI: ratios within one run.

    python benchmarks/bandwidth.py [--rounds 7]

Three ways to move the same bytes to and fro between two ranks, in turns, so that whoever else uses
the machine slows all of them:

    bare      mpi4py's Send and Recv of the buffers, into one buffer; the same, into an array for each result
    one       `submit(identity, array).result(timeout)`, one array after the other
    stream    many submits, then their results
    map       one `map` over all of them, of which the root computes a part itself

The limit for one at a time is a round trip of bare MPI. In a stream bare MPI sends one way while it
receives the other (Isend, Irecv). A ratio of 1 is bare MPI's speed; each is taken within one turn, and
the median of the turns is told. The map stands beside the round trips: it is how many arrays are meant to go.
Results are kept until all are there, as a program keeps them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SHAPES = {"8 MB": (1_000_000, 12), "800 KB": (100_000, 60), "80 KB": (10_000, 200)}
"""Name -> floats in an array, arrays in a turn."""

TAG = 7


def identity(array):
    """Return what came."""
    return array


def echo(size, count):
    """Be the other side of bare MPI: send back what comes; both in turn, then all at once."""
    import numpy
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    buffer = numpy.empty(size)
    for fresh in (False, True):
        for _ in range(count):
            here = numpy.empty(size) if fresh else buffer
            comm.Recv(here, 0, TAG)
            comm.Send(here, 0, TAG)
    arrays = [numpy.empty(size) for _ in range(count)]
    receives = [comm.Irecv(array, 0, TAG) for array in arrays]
    sends = []
    for receive, array in zip(receives, arrays, strict=True):
        receive.Wait()
        sends.append(comm.Isend(array, 0, TAG))
    MPI.Request.Waitall(sends)
    return True


def bare(comm, arrays, *, fresh):
    """Send each array and take it back."""
    import numpy

    buffer, results = numpy.empty_like(arrays[0]), []
    for array in arrays:
        comm.Send(array, 1, TAG)
        result = numpy.empty_like(array) if fresh else buffer
        comm.Recv(result, 1, TAG)
        results.append(result)
    return results


def bare_stream(comm, arrays):
    """Send all arrays and take them back, as fast as they come."""
    import numpy
    from mpi4py import MPI

    results = [numpy.empty_like(array) for array in arrays]
    receives = [comm.Irecv(result, 1, TAG) for result in results]
    sends = [comm.Isend(array, 1, TAG) for array in arrays]
    MPI.Request.Waitall(receives + sends)
    return results


def one_by_one(arrays):
    """Have each array sent back before the next one goes."""
    from scoop_mpi import futures

    return [futures.submit(identity, array).result(30) for array in arrays]


def stream(arrays):
    """Submit all, then take the results; the waits are timed, so that all goes to the other rank."""
    from scoop_mpi import futures

    return [future.result(30) for future in [futures.submit(identity, array) for array in arrays]]


def one_map(arrays):
    """Map over all."""
    from scoop_mpi import futures

    return list(futures.map(identity, arrays))


def timed(function, *arguments, **options):
    """Return seconds. What comes back is kept until then, as a program keeps its results."""
    started = time.perf_counter()
    results = function(*arguments, **options)
    elapsed = time.perf_counter() - started
    del results
    return elapsed


def measure(rounds):
    """Return, for each shape and way, the seconds of each turn; and what part ran on the other rank."""
    import numpy
    import scoop_mpi
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    found = {}
    for name, (size, count) in SHAPES.items():
        arrays = [numpy.full(size, float(index)) for index in range(count)]
        turns = []
        for _ in range(rounds):
            other = scoop_mpi.futures.submit(echo, size, count)
            while not other.running():
                time.sleep(0.001)
            turn = {
                "bare": timed(bare, comm, arrays, fresh=False),
                "fresh": timed(bare, comm, arrays, fresh=True),
                "bare stream": timed(bare_stream, comm, arrays),
            }
            assert other.result(30)
            before = scoop_mpi.statistics()[1].calls
            turn["one"] = timed(one_by_one, arrays)
            turn["stream"] = timed(stream, arrays)
            there = scoop_mpi.statistics()[1].calls - before
            turn["map"] = timed(one_map, arrays)
            turn["there"] = there / (2 * count)
            turns.append(turn)
        found[name] = turns
    return found


def told(name, turns):
    """Return a line of what was found for one shape."""
    size, count = SHAPES[name]
    total = 2 * count * size * 8

    def speed(way):
        return total / statistics.median(turn[way] for turn in turns) / 1e6

    def ratio(way, limit):
        return statistics.median(turn[limit] / turn[way] for turn in turns)

    there = statistics.median(turn["there"] for turn in turns)
    return (
        f"{name:>7}  one by one: bare {speed('bare'):6.0f} {speed('fresh'):6.0f}, "
        f"scoop_mpi {speed('one'):6.0f} = {ratio('one', 'fresh'):.2f};  "
        f"stream: bare {speed('bare stream'):6.0f}, scoop_mpi {speed('stream'):6.0f} = "
        f"{ratio('stream', 'bare stream'):.2f} ({there:.2f} on the other rank);  "
        f"map: {speed('map'):6.0f} = {ratio('map', 'fresh'):.2f}"
    )


def main():
    """Start two ranks and print their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="turns of each way")
    options = parser.parse_args()
    if "BANDWIDTH_RANK" in os.environ:
        print(json.dumps(measure(options.rounds)))
        return 0
    command = [sys.executable, "-m", "scoop_mpi", "-n", "2", __file__]
    command += ["--rounds", str(options.rounds)]
    environ = os.environ | {"BANDWIDTH_RANK": "1", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    if ended.returncode != 0:
        print(ended.stdout, ended.stderr)
        return 1
    print(
        "         MB/s to and fro; bare MPI: into one buffer, into an array each; ratio to the latter"
    )
    for name, turns in json.loads(ended.stdout).items():
        print(told(name, turns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
