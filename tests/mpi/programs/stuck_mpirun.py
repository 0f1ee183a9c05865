"""mpirun is stuck (here: stopped) when the root is killed: nobody is left to end the job."""

import os
import signal


def parent(process):
    """The process that has started another."""
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


if __name__ == "__main__":
    mpirun = os.getpid()
    while parent(mpirun) != int(os.environ["LAUNCHER"]):
        mpirun = parent(mpirun)
    os.kill(mpirun, signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGKILL)
