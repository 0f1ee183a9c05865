"""Calls that use executors and wait for their own calls elsewhere than in our waits."""

import asyncio
import concurrent.futures as cf
import sys
import time

from scoop_mpi import Executor, futures


def slow(x):
    time.sleep(0.005)
    return x


def add(n):
    return sum(futures.map(slow, range(n)))


def inner(n):
    executor = Executor()
    calls = [executor.submit(slow, i) for i in range(n)]
    cf.wait(calls)

    async def gather():
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*[loop.run_in_executor(executor, add, i) for i in range(n)])

    return sum(call.result() for call in calls) + sum(asyncio.run(gather()))


def expected(n):
    return sum(range(n)) + sum(sum(range(i)) for i in range(n))


def twice(executor, n):
    calls = [executor.submit(inner, n) for i in range(n)]
    return sum(call.result() for call in cf.as_completed(calls))


def deep(n):
    if n == 0:
        return chain(60)
    call = Executor().submit(deep, n - 1)
    cf.wait([call])
    return 1 + call.result()


def chain(n):
    return 0 if n == 0 else 1 + futures.submit(chain, n - 1).result()


def main():
    if sys.argv[1] == "in futures":
        assert list(futures.map(inner, [5] * 4)) == [expected(5)] * 4
        assert list(futures.map(twice, [Executor()] * 3, [3] * 3)) == [3 * expected(3)] * 3
        assert futures.submit(deep, 4).result() == 64
    else:
        executor = Executor()
        calls = [executor.submit(inner, 5) for i in range(4)]
        assert [call.result() for call in cf.as_completed(calls)] == [expected(5)] * 4
        calls = [executor.submit(twice, executor, 3) for i in range(3)]
        assert [call.result() for call in cf.as_completed(calls)] == [3 * expected(3)] * 3
        call = executor.submit(deep, 4)
        cf.wait([call])
        assert call.result() == 64
    print("ok")


if __name__ == "__main__":
    main()
