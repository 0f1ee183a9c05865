"""Ends in the way that its argument names, with calls of 30 s outstanding if there is a second."""

import atexit
import sys
import time

from scoop_mpi import futures


def sleep(_):
    time.sleep(30)


def fail(x):
    raise ValueError(f"unseen {x}")


if __name__ == "__main__":
    atexit.register(print, "at exit")
    list(futures.map(abs, range(100)))
    if len(sys.argv) > 2:
        left = [futures.submit(sleep, x) for x in range(8)]
        time.sleep(0.2)  # long enough for the other ranks to begin with some
    match sys.argv[1]:
        case "three":
            sys.exit(3)
        case "text":
            sys.exit("told")
        case "raise":
            raise LookupError("lost")
        case "unseen":
            futures.wait([futures.submit(fail, 1)])
