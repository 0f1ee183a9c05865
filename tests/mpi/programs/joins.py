"""The main thread joins a thread that waits for a call which the main thread has begun.

A thread runs `slow`, which ends when `begun` has begun; so the main thread, which waits for `slow`,
runs `begun` meanwhile, and `begun` waits for `held`, which another thread runs. If the main thread went
on now, it would join a thread that waits for `begun`: for ever.
"""

import contextvars
import threading

from scoop_mpi import futures

LIMIT_S = 30
caller = contextvars.ContextVar("caller", default=None)
runs_slow, has_begun, runs_held, goes_on = (threading.Event() for _ in range(4))


def slow():
    runs_slow.set()
    assert has_begun.wait(LIMIT_S)
    return "slow"


def held():
    runs_held.set()
    return "held", goes_on.wait(1)  # time for the main thread to go on, if it would


def begun():
    has_begun.set()
    assert caller.get() is None, "it runs in the context of whom it runs on top of"
    return second.result()


def waiter(future):
    thread = threading.Thread(target=future.result, daemon=True)
    thread.start()
    return thread


def timed():
    """A wait with a time ends then, though what it has begun waits on."""
    global second
    has_begun.clear()
    runs_held.clear()
    goes_on.clear()
    second = futures.submit(held)
    waiter(second)
    assert runs_held.wait(LIMIT_S)
    third = futures.submit(begun)
    while not has_begun.is_set():
        futures.wait([second], timeout=0.05)
    assert not third.done(), "the wait went on until what it had begun had ended"
    goes_on.set()
    assert third.result() == ("held", True)


if __name__ == "__main__":
    first, second = futures.submit(slow), futures.submit(held)
    waiter(first)
    assert runs_slow.wait(LIMIT_S)
    waiter(second)
    assert runs_held.wait(LIMIT_S)
    third = futures.submit(begun)
    caller.set("the main thread")
    assert first.result() == "slow"
    goes_on.set()
    last = waiter(third)
    last.join(LIMIT_S)
    assert not last.is_alive(), "it waits for a call that the main thread has left"
    assert third.result() == ("held", False)
    timed()
    print("ok")
