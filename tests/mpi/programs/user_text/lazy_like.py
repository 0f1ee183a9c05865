"""Futures executed locally are computed upon access, those distributed remotely right away.

The root submits tasks that leave a file behind, then looks (without a call to the library) until
all of them have run, or for the seconds given. Prints how many ran before the root asked for any
result, how many of those in the root's own process, and how many ran in the end.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from scoop_mpi import futures

TASKS = 8


def leave_a_file(folder, number):
    Path(folder, str(number)).touch()
    return os.getpid()


if __name__ == "__main__":
    deadline = time.monotonic() + float(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        launched = [futures.submit(leave_a_file, folder, number) for number in range(TASKS)]
        while len(os.listdir(folder)) < TASKS and time.monotonic() < deadline:
            time.sleep(0.01)
        early = {int(name) for name in os.listdir(folder)}
        pids = [future.result() for future in launched]
        by_root = sum(pids[number] == os.getpid() for number in early)
        print(f"before access: {len(early)}, of them by the root: {by_root}")
        print(f"after access: {len(os.listdir(folder))}")
