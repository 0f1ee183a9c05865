"""Draws random numbers in calls, one of which ends its rank the first time: python seeded_deaths.py MARK"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

import scoop_mpi
from scoop_mpi import futures, random


def draw(x: int) -> str:
    """Draw; the first call on another rank than the root then ends its rank."""
    drawn = random.generator().random().hex()
    time.sleep(0.005)
    if not scoop_mpi.IS_ORIGIN:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(sys.argv[1], os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)
    return drawn


if __name__ == "__main__":
    print(*futures.with_options(seed=5).map(draw, range(60)))
