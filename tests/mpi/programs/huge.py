"""Arguments and results of 300 MB and of more than 2 GiB, one after the other, between two ranks.

As one buffer (an array), and as one object (bytes inside a list, which are a part of the pickle).
"""

import time

import numpy as np

import scoop_mpi
from scoop_mpi import futures

OVER_2_GIB = 2**31 + 1_000_003
SIZES = [300_000_000, OVER_2_GIB]


def array(size):
    made = np.zeros(size, "u1")
    made[[0, -1]] = 7, 9
    return made


def listed(size):
    return [b"7" + bytes(size - 2) + b"9"]


def seen(thing):
    """Return where this is, the size of what came, and both its ends."""
    data = thing if isinstance(thing, np.ndarray) else thing[0]
    return scoop_mpi.IS_ORIGIN, len(data), int(data[0]), int(data[-1])


def made(kind, size):
    """Return a new thing, if this is the other rank."""
    return None if scoop_mpi.IS_ORIGIN else kind(size)


def on_the_other(call, *args):
    """Return the outcome of a call that the other rank runs: this one sleeps until it was lent."""
    future = futures.submit(call, *args)
    while not future.running():
        time.sleep(0.005)
    return future.result(200)


if __name__ == "__main__":
    for size in SIZES:
        for kind, ends in ((array, (7, 9)), (listed, (ord("7"), ord("9")))):
            for _ in range(5):  # what is slow to arrive may be given back, and then runs here
                came = on_the_other(seen, kind(size))
                assert came[1:] == (size, *ends), came
                if not came[0]:
                    break
            else:
                raise AssertionError("the other rank has run none")
            while (result := on_the_other(made, kind, size)) is None:
                pass
            assert seen(result) == (True, size, *ends)
            del result
    assert list(futures.map(abs, range(-100, 0))) == list(range(100, 0, -1))
    print("ok")
