"""Ranks die, in the ways of the first argument; the program says what it came to.

python -m scoop_mpi -n 4 deaths.py HOW MARK CODE
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time

import scoop_mpi
from scoop_mpi import futures
from scoop_mpi.errors import WorkerLost

HOW, MARK, CODE = sys.argv[1], sys.argv[2], int(sys.argv[3])
WAYS = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "term": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "segv": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "exit 0": lambda: os._exit(0),
    "exit 3": lambda: os._exit(3),
    "cut off": lambda: subprocess.run(["ip", "link", "set", "eth0", "down"], check=True),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
}


def first(what: str) -> bool:
    """Return whether nobody in this job has asked this before."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(f"{MARK}-{what}", os.O_CREAT | os.O_EXCL))
        return True
    return False


def may_die(x: int) -> int:
    """Square; the first call on another rank than the root ends its rank."""
    time.sleep(0.005)
    if x > 40 and not scoop_mpi.IS_ORIGIN and first("death"):
        WAYS[HOW]()
    return x * x


def two_die(x: int) -> int:
    """Square; the first two calls on other ranks end these."""
    time.sleep(0.005)
    if not scoop_mpi.IS_ORIGIN and (first("death") or first("another")):
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x


def nested(x: int) -> int:
    """Sum squares that other ranks compute, on some rank that may die meanwhile."""
    total = 0
    for y, square in enumerate(futures.map(leaf, range(20))):
        if x == 5 and y == 10 and not scoop_mpi.IS_ORIGIN and first("owner"):
            os.kill(os.getpid(), signal.SIGKILL)
        total += square
    return total


def leaf(y: int) -> int:
    """Square; one of all these calls ends its rank."""
    time.sleep(0.001)
    if y == 15 and not scoop_mpi.IS_ORIGIN and first("leaf"):
        os.kill(os.getpid(), signal.SIGKILL)
    return y * y


def kills(x: int) -> int:
    """Square; call 150 ends each rank that runs it, and hides from the root."""
    if x == 150:
        while scoop_mpi.IS_ORIGIN:  # until the call was given back: never
            raise RuntimeError("the root was to be spared")
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.005)
    return x * x


def holds_the_lock(x: int) -> int:
    """Keep the interpreter lock in a C call, longer than a stopped rank is waited for."""
    ctypes.PyDLL(None).usleep(1_500_000)
    return x * x


def main() -> None:
    """Do what the first argument says."""
    if HOW in WAYS:
        found = list(futures.map(may_die, range(200)))
    elif HOW == "two":
        found = list(futures.map(two_die, range(200)))
    elif HOW == "nested":
        found = list(futures.map(nested, range(30)))
        assert found == [sum(y * y for y in range(20))] * 30, found
        found = [x * x for x in range(200)]
    elif HOW == "killer":
        many = [futures.submit(kills, x) for x in range(200)]
        lost = many[150].exception()
        assert isinstance(lost, WorkerLost), lost
        print(f"given up: {lost}")
        found = [150 * 150 if x == 150 else many[x].result() for x in range(200)]
    elif HOW == "lock":
        found = list(futures.map(holds_the_lock, range(4)))
        assert found == [0, 1, 4, 9], found
        found = [x * x for x in range(200)]
    else:
        assert HOW == "root"
        futures.submit(may_die, 1).result()
        os.kill(os.getpid(), signal.SIGKILL)
    assert found == [x * x for x in range(200)], found
    print("right")
    sys.exit(CODE)


if __name__ == "__main__":
    main()
