"""How a run ends: with the program's status, its words on stderr, and no process left behind."""

import os
import sys
import time

from scoop import futures


def ratio(x, y):
    return x / y


def told_and_stuck(folder):
    """Name this process in a folder, and run for longer than anyone waits for."""
    with open(os.path.join(folder, str(os.getpid())), "w"):
        time.sleep(60)


def exit_3():
    sys.exit(3)


def exit_0():
    sys.exit(0)


def exit_words():
    sys.exit("no such luck")


def uncaught():
    raise LookupError("lost")


def remote_failure():
    calls = [futures.submit(ratio, 6, y) for y in (3, 2, 0, 1, 2, 3)]
    for call in calls:
        call.result()


def stuck():
    folder = os.path.join(os.getcwd(), "pids")
    os.mkdir(folder)
    calls = [futures.submit(told_and_stuck, folder) for _ in range(3)]
    # One process may well have two of the calls: one that waits for its turn, or the root's.
    futures.wait(calls, 0.1)
    deadline = time.monotonic() + 20
    while len(os.listdir(folder)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    print("stuck", os.getpid(), *os.listdir(folder), flush=True)
    for call in calls:
        call.result()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
