"""Each call runs once, and not behind another one while a rank has nothing to do."""

import os
import sys
import tempfile
import time

from scoop import futures


def lasting(folder, seconds):
    """Leave a file for each time that this runs."""
    os.close(tempfile.mkstemp(dir=folder)[0])
    time.sleep(seconds)


def meet(folder, name, calls):
    """Return whether all the calls of a round are running at the same time."""
    time.sleep(0.3)  # a call worth a rank of its own
    open(os.path.join(folder, name), "w").close()
    deadline = time.monotonic() + 10
    while len(os.listdir(folder)) < calls:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def long_call():
    with tempfile.TemporaryDirectory() as folder:
        list(futures.map(lasting, [folder] * 3, [4, 0.1, 0.1]))
        runs = len(os.listdir(folder))
    assert runs == 3, f"3 calls ran {runs} times"


def spread():
    for number in range(6):
        with tempfile.TemporaryDirectory() as folder:
            met = list(futures.map(meet, [folder] * 3, "abc", [3] * 3))
        assert met == [True] * 3, f"round {number}: a call waited behind another one"


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("ok")
