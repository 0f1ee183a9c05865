"""The terminal of the launcher hangs up, in the middle of the program."""

import os
import signal

from scoop_mpi import futures


def burn(rounds):
    for _ in range(rounds):
        pass
    return 1


if __name__ == "__main__":
    os.kill(int(os.environ["LAUNCHER"]), signal.SIGHUP)
    # Long enough for mpirun to end the job, if it were told.
    print(sum(futures.map(burn, [1_000_000] * 99)) * 50)
