"""Every worker imports the program under another name than __main__, with all its globals."""

import os

from scoop_mpi import futures

sideEffect = [os.getpid()]


def look(_):
    return os.getpid(), __name__, sideEffect


if __name__ == "__main__":
    seen = list(futures.map(look, range(50)))
    assert all((name == "__main__") == (pid == os.getpid()) for pid, name, _ in seen)
    assert all(effect == [pid] for pid, _, effect in seen)
    print("as described")
