"""Calls of several kinds, to be seen: python -m scoop_mpi --progress seen.py"""

import time

from scoop_mpi import futures


def nap(seconds):
    time.sleep(seconds)
    return seconds


def tiny(x):
    return x + 1


def parent(x):
    return sum(futures.map(tiny, range(10)))


def main():
    print("begins", flush=True)
    assert list(futures.map(nap, [0.02] * 30)) == [0.02] * 30
    assert sum(futures.map(tiny, range(2000))) == 2001000
    print(sum(futures.map(parent, range(8))), flush=True)


if __name__ == "__main__":
    main()
