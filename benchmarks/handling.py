"""What a message costs the rank that handles it: two whole ranks in one process, and no MPI.

    python benchmarks/handling.py

The runtime's own loops, codec and kernel pass messages through two lists. One trip, a call that
another rank runs, is counted in messages; what is measured is a trip's time by that count, so the
turns of both loops, the tasks and the futures are in it.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scoop_mpi import futures
from scoop_mpi._runtime import here
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now

TRIPS, ROUNDS = 200, 50
"""The fastest round counts: others had company."""


class List:
    """A transport of one process: what rank 0 polls for, it first lets rank 1 do."""

    ranks = 2
    busy = False
    failed = frozenset()

    def __init__(self, rank, boxes):
        self.rank = rank
        self.boxes = boxes
        self.before_poll = lambda: None

    def send(self, rank, frames):
        """Put the frames into the other's box."""
        self.boxes[rank].append((self.rank, [bytes(frames[0])]))

    def poll(self):
        """Empty the own box."""
        if not self.boxes[self.rank]:
            self.before_poll()
        arrived, self.boxes[self.rank] = self.boxes[self.rank], []
        return arrived


class Counting(Loop):
    """A loop that counts the messages which its machines take, its own to itself among them."""

    handled = 0

    def _receive(self, sender, message):
        Counting.handled += 1
        return super()._receive(sender, message)


def nothing():
    """Be called."""


def make_pair(kind):
    """Return a root, which is this process's own, and make another rank that works for it."""
    boxes = [[], []]
    root, worker = (kind(List(rank, boxes)) for rank in range(2))
    worker._spin_s = worker._least_spin_s = float("inf")

    def work():
        worker._pump_and_rest(None, worker.news)
        while worker.worker.has_work:
            with worker.lock:
                block = worker.perform(worker.worker.turn(now()))
            worker.run(block)
        worker._pump_and_rest(None, worker.news)

    worker._pump_and_rest(None, worker.news)
    root.transport.before_poll = work
    here.install(root)


def trips(count):
    """Have the other rank run `count` calls, one after another; return the seconds."""
    started = time.perf_counter()
    for _ in range(count):
        futures.submit(nothing).result(timeout=60)
    return time.perf_counter() - started


def inline(count):
    """Make and run `count` calls here; return the seconds."""
    started = time.perf_counter()
    for _ in range(count):
        futures.submit(nothing).result()
    return time.perf_counter() - started


def main():
    """Print seconds a message, messages a trip, and seconds of a call that its maker runs."""
    make_pair(Counting)
    trips(TRIPS)
    Counting.handled = 0
    trips(TRIPS)
    messages = Counting.handled / TRIPS
    make_pair(Loop)
    trips(TRIPS)
    trip_s = min(trips(TRIPS) for _ in range(ROUNDS)) / TRIPS
    inline_s = min(inline(TRIPS) for _ in range(ROUNDS)) / TRIPS
    figures = {"message_s": trip_s / messages, "messages": messages, "inline_s": inline_s}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
