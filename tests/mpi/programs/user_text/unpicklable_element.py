"""What really cannot be pickled is named in the error."""

import threading

from scoop_mpi import futures


def identity(x):
    return x


if __name__ == "__main__":
    print("before", flush=True)
    print(list(futures.map(identity, [1, threading.Lock(), 3])))
