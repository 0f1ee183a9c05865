"""What goes wrong at the moment that the first argument names; else it ends well, with code 3.

python -m scoop_mpi -n 3 moments.py import|exit|abort|"abort import"|"abort exit" RANK|wait
"""

import atexit
import os
import signal
import sys
import time

from mpi4py import MPI

from scoop_mpi import futures

MOMENT = sys.argv[1]
RANK = MPI.COMM_WORLD.rank


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def call(x):
    """Square; in a while, so that others help."""
    time.sleep(0.002)
    return x * x


def abort(_):
    """End the job."""
    MPI.COMM_WORLD.Abort(7)


def wait(_):
    """Say which process is in a call, and be in it for long."""
    print(os.getpid(), flush=True)
    time.sleep(600)


if RANK == 1 and MOMENT == "import":
    die()
if RANK == 1 and MOMENT == "exit":
    atexit.register(die)
if RANK == 1 and MOMENT == "abort import":
    abort(0)
if MOMENT == "abort exit" and RANK == int(sys.argv[2]):
    atexit.register(abort, 0)

if __name__ == "__main__":
    if MOMENT == "abort":
        on_another = futures.submit(abort, 0)
        while not on_another.running():
            time.sleep(0.005)
        on_another.result()
    if MOMENT == "wait":
        futures.run_everywhere(wait, 0)
    assert list(futures.map(call, range(200))) == [x * x for x in range(200)]
    print("right")
    sys.exit(3)
