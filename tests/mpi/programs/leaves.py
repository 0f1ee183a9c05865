"""The main thread begins a call, leaves it, and joins the first thread of the program, which waits for it.

Nobody but the main thread can go on with that call: it is told, and the program goes on when it waits.
"""

import os
import sys
import threading
import time

from scoop_mpi import futures
from scoop_mpi._runtime import settings


def until_there(taken, path):
    open(taken, "w").close()
    while not os.path.exists(path):
        time.sleep(0.01)


def begun():
    has_begun.set()
    return away.result()


if __name__ == "__main__":
    settings.LEFT_S = 0.2
    has_begun = threading.Event()
    away = futures.submit(until_there, "taken", "end")
    while not os.path.exists("taken"):
        time.sleep(0.01)  # not by our means, so that it is the other rank that takes it
    future = futures.submit(begun)
    while not has_begun.is_set():
        futures.wait([away], timeout=0.2)  # ends in time, though what it has begun waits
    thread = threading.Thread(target=future.result)
    thread.start()
    open("end", "w").close()
    thread.join(3)
    print("left" if thread.is_alive() else "ended", file=sys.stderr)
    future.result()
    thread.join()
    print("ok")
