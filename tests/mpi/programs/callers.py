"""Who may wait: greenlets and threads of the program's own, many callers of one future."""

import threading
import time

from greenlet import getcurrent, greenlet

from scoop_mpi import futures


def nap(x):
    time.sleep(0.01)
    return [x]


def in_greenlets(n):
    """Wait in greenlets of its own, which run to their end in the order of their results."""
    ended = []

    def wait(x):
        me = getcurrent()
        value = futures.submit(nap, x).result()[0]
        assert getcurrent() is me, "a wait goes on in the greenlet that waited"
        ended.append(value)

    for x in range(n):
        greenlet(wait).switch(x)
    assert sorted(ended) == list(range(n)), ended
    return sum(ended)


def in_threads(n):
    """Call from threads of the program's own."""
    sums = []

    def work(x):
        sums.append(sum(value[0] for value in futures.map(nap, range(x))))

    threads = [threading.Thread(target=work, args=(x,)) for x in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(sums)


def shared_future():
    """Have several callers ask for one future."""
    future = futures.submit(nap, 7)
    got = []
    future.add_done_callback(lambda future: got.append(future.result()))
    threads = [threading.Thread(target=lambda: got.append(future.result(30))) for _ in range(4)]
    for thread in threads:
        thread.start()
    got.append(future.result())
    for thread in threads:
        thread.join(30)
    assert got == [[7]] * 6, got


def told(how, timeout):
    """Wait for a future in some way, and return what its callbacks have seen by then."""
    seen = []
    future = futures.submit(nap, 1)
    future.add_done_callback(lambda future: seen.append(("first", future.result())))
    future.add_done_callback(lambda future: seen.append(("second", future.result())))
    match how:
        case "result":
            future.result(timeout)
        case "exception":
            future.exception(timeout)
        case "wait":
            futures.wait([future], timeout)
        case "as_completed":
            list(futures.as_completed([future], timeout))
        case "done":
            while not future.done():
                pass
    return seen


if __name__ == "__main__":
    assert in_greenlets(10) == 45
    assert list(futures.map(in_greenlets, [5] * 10)) == [10] * 10
    sums = [x * (x - 1) // 2 for x in range(6)]
    assert in_threads(6) == sums
    assert list(futures.map(in_threads, [6] * 4)) == [sums] * 4
    for _ in range(10):
        shared_future()
    for how in ("result", "exception", "wait", "as_completed", "done"):
        for timeout in (None, 30):
            seen = told(how, timeout)
            assert seen == [("first", [1]), ("second", [1])], (how, timeout, seen)
    print("ok")
