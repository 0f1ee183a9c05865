"""Calls that are drafts until somebody else can run them: whatever is done with one, it runs once.

Random trees of calls, in which each call submits others and does something with them.
"""

import contextlib
import os
import random
import sys
import tempfile
import threading
import time

import scoop_mpi
from scoop_mpi import futures


def leaf(x):
    return x


def table(x):
    """A value that is copied."""
    return [x]


def fails(x):
    raise LookupError(x)


def chain(depth):
    """Deeper than calls run inside one another."""
    return depth if depth == 0 else futures.submit(chain, depth - 1).result() + 1


def look(future, rnd):
    """Do something with a future that does not wait for it."""
    match rnd.randrange(6):
        case 0:
            future.done()
        case 1:
            repr(future)
        case 2:
            future.running()
        case 3:
            future.add_done_callback(called_back.append)
        case 4:
            list(futures.map(leaf, range(rnd.randrange(3))))


def gather(found, rnd):
    """Take the values of futures, in one of several ways."""
    match rnd.randrange(5):
        case 0:
            return [future.result() for future in found]
        case 1:
            return [future.result() for future in reversed(found)][::-1]
        case 2:
            futures.wait(found)
            return [future.result() for future in found]
        case 3:
            assert set(futures.as_completed(found)) == set(found)
            return [future.result() for future in found]
        case _:
            return [future.result(timeout=60) for future in found]


def tree(seed, size):
    """Return `size`, by as many calls."""
    rnd = random.Random(seed)
    if size == 1:
        if rnd.random() < 0.02:
            time.sleep(0.002)
        return 1
    shares = [rnd.randrange(1, size)]
    shares.append(size - shares[0])
    if rnd.random() < 0.5:
        return mapped(shares, rnd)
    found = []
    for share in shares:
        found.append(futures.submit(tree, rnd.random(), size=share))
        if rnd.random() < 0.3:
            look(found[-1], rnd)
    if rnd.random() < 0.1:
        failing = futures.submit(fails, seed)
        if rnd.random() < 0.5:
            look(failing, rnd)
        assert isinstance(failing.exception(), LookupError)
    if rnd.random() < 0.1:
        copied = futures.submit(table, seed)
        assert copied.result() == [seed] and copied.result() is copied.result()
    if rnd.random() < 0.1:
        futures.submit(leaf, seed)  # nobody asks for it
    return sum(gather(found, rnd))


def mapped(shares, rnd):
    """Return the sum of these, by small maps, some of which are left before their end."""
    results = futures.map(tree, [rnd.random() for _ in shares], shares)
    first = next(results)
    if rnd.random() < 0.3:
        look(futures.submit(leaf, 1), rnd)
    if rnd.random() < 0.1:
        failing = futures.map(fails_at, [rnd.random(), rnd.random(), None, 1])
        with contextlib.suppress(LookupError):
            list(failing)
            raise AssertionError("it should have raised")
    if rnd.random() < 0.1:
        assert list(futures.map(table, shares)) == [[share] for share in shares]
    if rnd.random() < 0.1:
        next(futures.map(leaf, shares))  # nobody asks for the rest of it
    return first + sum(results)


def fails_at(x):
    if x is None:
        raise LookupError(x)
    return x


def sees_itself():
    """A call that looks at its own future while it runs, as a draft, or after it was lent."""
    if itself is None:
        return "seen"
    assert not itself.done() and itself.running() and not itself.cancel()
    itself.add_done_callback(called_back.append)
    return "seen"


def in_a_thread(x):
    """A draft of this thread whose result another one takes."""
    future = futures.submit(leaf, x)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(future.result()))
    thread.start()
    thread.join()
    return taken[0]


def touch(path):
    if path:
        open(path, "w").close()


def leaves_one(folder):
    """Known to be short, it is nobody else's news, and this rank has nothing else to do."""
    futures.submit(touch, "").result()
    time.sleep(0.05)  # whoever has asked for it is told that there is nothing
    path = os.path.join(folder, str(scoop_mpi.worker))
    futures.submit(touch, path)
    return path


called_back = []
itself = None

if __name__ == "__main__":
    first, last = map(int, sys.argv[1:])
    assert futures.submit(chain, 100).result() == 100
    itself = futures.submit(sees_itself)
    assert itself.result() == "seen"
    for seed in range(first, last):
        size = random.Random(seed).randrange(1, 400)
        assert futures.submit(tree, seed, size).result() == size, seed
        assert tree(seed, size) == size, seed
    futures.wait([futures.submit(leaf, 1)])  # callbacks that are due
    assert (itself in called_back or getattr(scoop_mpi, "SIZE", 1) > 1) and all(
        future.done() for future in called_back
    )
    if getattr(scoop_mpi, "SIZE", 1) > 1:
        with tempfile.TemporaryDirectory() as folder:
            for path in futures.run_everywhere(leaves_one, folder):
                while not os.path.exists(path):
                    time.sleep(0.001)  # not by our means
    assert futures.submit(in_a_thread, 3).result() == 3
    assert tree(1, 100) == 100
    print("ok")
