"""What a small message costs between two ranks: run on two ranks, rank 0 prints JSON.

Times of the transport of scoop_mpi itself, which both `simulated.py` and its reader can repeat:

    mpirun -n 2 python benchmarks/wire.py
"""

import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scoop_mpi._runtime.wire.transport import Mpi

FRAME = b"x" * 120
"""About the size of a message that lends one call."""

TRIPS = 3000


def receive(mail):
    """Wait for a message; return what the call that brought it took."""
    while True:
        started = time.perf_counter()
        if mail.poll():
            return time.perf_counter() - started


def main():
    """Send to and fro."""
    mail = Mpi()
    other = 1 - mail.rank
    sends, receives, trips = [], [], []
    for _ in range(TRIPS):
        started = time.perf_counter()
        if mail.rank == 0:
            mail.send(other, [FRAME])
            sends.append(time.perf_counter() - started)
            receives.append(receive(mail))
            trips.append(time.perf_counter() - started)
        else:
            receive(mail)
            mail.send(other, [FRAME])
    mail.close()
    if mail.rank == 0:
        send_s, receive_s = statistics.median(sends), statistics.median(receives)
        latency_s = max(0.0, statistics.median(trips) / 2 - send_s - receive_s)
        print(json.dumps({"send_s": send_s, "receive_s": receive_s, "latency_s": latency_s}))
    mail.finalize()


if __name__ == "__main__":
    main()
