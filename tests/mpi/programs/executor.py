"""An executor does what `concurrent.futures` says, while nobody is in a wait of ours."""

import asyncio
import concurrent.futures as cf
import os
import sys
import tempfile
import threading
import time

import scoop_mpi
from scoop_mpi import Executor, futures

SIZE = getattr(scoop_mpi, "SIZE", 1)


def square(x):
    return x * x


def slow(x):
    time.sleep(0.01)
    return x


def fail(x):
    time.sleep(0.01)
    raise LookupError(x)


def where(_):
    time.sleep(0.02)
    return os.getpid()


def nested(n):
    return sum(futures.map(square, range(n)))


def deep(n):
    return 0 if n == 0 else 1 + futures.submit(deep, n - 1).result()


def squares(n):
    return [square(i) for i in range(n)]


def functions(executor):
    """wait, as_completed, results, failures."""
    future = executor.submit(square, 3)
    assert isinstance(future, cf.Future)
    assert future.result() == 9 and future.done() and not future.running() and not future.cancel()
    calls = [executor.submit(slow, i) for i in range(20)]
    done, not_done = cf.wait(calls)
    assert done == set(calls) and not not_done
    calls = [executor.submit(slow, i) for i in range(20)]
    assert sorted(call.result() for call in cf.as_completed(calls)) == list(range(20))
    first = cf.wait([executor.submit(fail, 1), *calls], return_when=cf.FIRST_EXCEPTION)
    assert any(call.exception() for call in first.done)
    failed = executor.submit(fail, 7)
    cf.wait([failed])
    error = failed.exception()
    assert type(error) is LookupError and error.args == (7,)
    assert executor.submit(deep, 300).result() == 300
    # At the place of a call that cannot travel
    try:
        executor.submit(square, threading.Lock())
    except Exception as error:
        assert "could not be pickled" in str(error)
    else:
        raise AssertionError("a lock has travelled")
    for bad in (None, 3):
        try:
            executor.submit(bad)
        except TypeError:
            continue
        raise AssertionError(bad)


def remote_traceback(executor):
    errors = [call.exception() for call in [executor.submit(fail, i) for i in range(20)]]
    away = [error for error in errors if error.__cause__ is not None]
    assert bool(away) == (SIZE > 1)
    assert all("in fail" in str(error.__cause__) for error in away)


def maps(executor):
    assert list(executor.map(square, range(1000))) == squares(1000)
    assert list(executor.map(pow, [2, 3], [5, 6, 7])) == [32, 729]
    assert list(executor.map(square, range(30), chunksize=7, buffersize=4)) == squares(30)
    drawn = []
    results = executor.map(square, (drawn.append(i) or i for i in range(30)), buffersize=4)
    assert len(drawn) <= 4
    assert next(results) == 0 and len(drawn) <= 5
    results.close()
    assert list(executor.map(square, [])) == list(executor.map(square)) == []
    try:
        list(executor.map(time.sleep, [0.5, 0.5], timeout=0.05))
    except TimeoutError:
        pass
    else:
        raise AssertionError("in time")
    for bad in ({"chunksize": 0}, {"buffersize": 0}):
        try:
            executor.map(square, [1], **bad)
        except ValueError:
            continue
        raise AssertionError(bad)


def event_loops(executor):
    """The event loop turns while calls run."""

    async def main():
        loop = asyncio.get_running_loop()
        turns = 0

        async def turn():
            nonlocal turns
            while True:
                await asyncio.sleep(0.001)
                turns += 1

        turning = asyncio.create_task(turn())
        values = await asyncio.gather(
            *[loop.run_in_executor(executor, slow, i) for i in range(20)],
            asyncio.wrap_future(executor.submit(nested, 100)),
        )
        assert values == [*range(20), sum(squares(100))]
        assert turns > 5, turns
        turning.cancel()
        try:
            await loop.run_in_executor(executor, fail, 1)
        except LookupError:
            return
        raise AssertionError("no failure")

    asyncio.run(main())


def threads(executor):
    """Executors and `futures` on any thread of the program, while the main one waits for them."""
    got = []
    ways = [
        lambda n: executor.submit(nested, n).result(),
        lambda n: sum(executor.map(square, range(n))),
        lambda n: sum(futures.map(square, range(n))),
        lambda n: futures.submit(nested, n).result(),
        lambda n: sum(futures.map_as_completed(square, range(n))),
        lambda n: sum(f.result() for f in futures.as_completed([futures.submit(nested, n)])),
    ]
    started = [
        threading.Thread(target=lambda n=n, way=way: got.append(way(n) == sum(squares(n))))
        for n in range(5)
        for way in ways
    ]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert got == [True] * len(started)
    assert list(futures.map(square, range(100))) == squares(100)
    assert futures.submit(square, 5).result() == 25
    polled = futures.submit(square, 6)
    while not polled.done():
        pass
    assert polled.result() == 36


def cancelling(executor):
    calls = [executor.submit(slow, i) for i in range(200)]
    cancelled = [call for call in reversed(calls) if call.cancel()]
    assert cancelled, "200 calls have started at once"
    for call in cancelled:
        assert call.cancelled() and call.done() and not call.running() and call.cancel()
        try:
            call.result()
        except cf.CancelledError:
            continue
        raise AssertionError(call)
    done, not_done = cf.wait(calls)
    assert not not_done
    assert all(call.cancelled() or call.result() == i for i, call in enumerate(calls))


def timeouts(executor):
    long = executor.submit(time.sleep, 0.5)
    try:
        long.result(0.05)
    except TimeoutError:
        pass
    else:
        raise AssertionError("in time")
    assert not long.done()
    assert long.result() is None


def callbacks(executor):
    """They are called without anybody waiting for the future."""
    called = threading.Event()
    executor.submit(square, 4).add_done_callback(
        lambda future: future.result() == 16 and called.set()
    )
    assert called.wait(30)


def shutting_down(executor):
    made = os.path.join(tempfile.mkdtemp(), "made ")
    with Executor() as other:
        calls = [other.submit(slow, i) for i in range(10)]
        other.map(touch, [f"{made}{i}" for i in range(10)])
    assert all(call.done() for call in calls)
    assert all(os.path.exists(f"{made}{i}") for i in range(10)), "its calls have not ended"
    for use in (other.submit, other.map):
        try:
            use(square, 1)
        except RuntimeError as error:
            assert "after shutdown" in str(error)
        else:
            raise AssertionError(use)
    other = Executor(3)
    assert other._max_workers == 3 and Executor()._max_workers == SIZE
    calls = [other.submit(slow, i) for i in range(100)]
    other.shutdown(cancel_futures=True)
    assert all(call.done() for call in calls) and any(call.cancelled() for call in calls)
    call = Executor().submit(slow, 5)  # nobody holds the executor any more
    assert call.result() == 5
    Executor().shutdown()
    assert executor.submit(square, 2).result() == 4, "an executor shuts no other"


def touch(name):
    time.sleep(0.01)
    open(name, "w").close()


begun = []


def begin(word):
    begun.append(word)


def refuse():
    raise OSError("no")


def what_begun(_):
    time.sleep(0.01)
    return os.getpid(), list(begun)


def initializers(_):
    with Executor(initializer=begin, initargs=("a",)) as executor:
        found = list(executor.map(what_begun, range(20)))
        found += [call.result() for call in [executor.submit(what_begun, i) for i in range(20)]]
    assert {tuple(words) for _, words in found} == {("a",)}, found
    broken = Executor(initializer=refuse).submit(square, 1).exception()
    assert isinstance(broken, cf.BrokenExecutor) and "no" in str(broken)


def sharing(executor):
    """All ranks work, this one too."""
    assert len(set(executor.map(where, range(20 * SIZE)))) == SIZE
    calls = [executor.submit(where, i) for i in range(20 * SIZE)]
    cf.wait(calls)
    assert len({call.result() for call in calls}) == SIZE


def resting(executor):
    """A program that waits costs next to nothing."""
    executor.submit(square, 1).result()
    time.sleep(0.1)
    before = time.process_time()
    time.sleep(1)
    used = time.process_time() - before
    assert used < 0.2, used


def alive_at_the_end(executor):
    """The program ends while calls run and wait."""
    for _ in range(50):
        executor.submit(time.sleep, 60)


def main():
    executor = Executor()
    if sys.argv[1:] == ["handed over late"]:
        # Calls are parked on the main thread, when the first executor comes.
        futures.wait([futures.submit(nested, 10), futures.submit(time.sleep, 0.1)], timeout=0.01)
    for test in (
        functions,
        remote_traceback,
        maps,
        event_loops,
        threads,
        cancelling,
        timeouts,
        callbacks,
        shutting_down,
        initializers,
        sharing,
        resting,
        alive_at_the_end,
    ):
        test(executor)
    print("ok")


if __name__ == "__main__":
    main()
