"""Threads of the program that run calls where they wait, at the same time: none harms another's place."""

import sys
import threading

from scoop_mpi import futures

LIMIT_S = 30


def double(x):
    return 2 * x


def double_twice(x):
    return 2 * futures.submit(double, x).result()


def take(results):
    for x in range(400):
        results.append(futures.submit(double_twice, x).result())
        results.extend(futures.map(double, range(3), buffersize=2))


if __name__ == "__main__":
    sys.setswitchinterval(1e-6)
    for _ in range(4):  # the last of them depend on what the first have left
        results = [[] for _ in range(4)]
        threads = [threading.Thread(target=take, args=(mine,), daemon=True) for mine in results]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)  # not by our means: this thread runs nothing for them
            assert not thread.is_alive(), "a thread waits for a call that nobody runs"
        expected = [y for x in range(400) for y in (4 * x, 0, 2, 4)]
        assert results == [expected] * 4
    print("ok")
