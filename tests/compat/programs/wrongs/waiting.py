"""Futures: timeouts that are kept, failures that are reported, and what may be asked of one."""

import os
import sys
import tempfile
import time

from scoop import futures


def half(x):
    if x % 2:
        raise ValueError(f"{x} is odd")
    return x // 2


def nap(seconds):
    time.sleep(seconds)


def until_open(folder, number):
    """Return once the gate is open, or five seconds have passed."""
    open(os.path.join(folder, f"call {number}"), "w").close()
    deadline = time.monotonic() + 5
    while not os.path.exists(os.path.join(folder, "open")) and time.monotonic() < deadline:
        time.sleep(0.01)
    return "done"


class Gate:
    """Where calls wait. It opens at the end of its block."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        return self

    def __exit__(self, *failure):
        open(os.path.join(self.folder, "open"), "w").close()

    def await_calls(self, calls):
        """Wait until so many calls run, all of them elsewhere; in SCOOP some never start so."""
        deadline = time.monotonic() + 5
        while len(os.listdir(self.folder)) < calls and time.monotonic() < deadline:
            time.sleep(0.01)


def times_out(wait):
    """Return whether it raises the built-in TimeoutError."""
    try:
        wait()
    except TimeoutError:
        return True
    return False


def result_timeout():
    with Gate() as gate:
        call = futures.submit(until_open, gate.folder, 0)
        gate.await_calls(1)
        assert times_out(lambda: call.result(timeout=0.2)), "result() took no notice of its timeout"
        assert not call.done()
    assert call.result() == "done"


def exception_timeout():
    with Gate() as gate:
        call = futures.submit(until_open, gate.folder, 0)
        gate.await_calls(1)
        assert times_out(lambda: call.exception(0.2)), "exception() took no notice of its timeout"
        assert not call.done()
    assert call.exception() is None


def map_timeout():
    with Gate() as gate:
        results = futures.map(until_open, [gate.folder] * 2, range(2), timeout=0.5)
        gate.await_calls(2)
        assert times_out(lambda: list(results)), "map() took no notice of its timeout"


def as_completed_timeout():
    with Gate() as gate:
        calls = [futures.submit(until_open, gate.folder, number) for number in range(2)]
        gate.await_calls(2)
        left = futures.as_completed(calls, timeout=0.2)
        assert times_out(lambda: list(left)), "as_completed() took no notice of its timeout"
    assert futures.wait(calls).done == set(calls)


def as_completed_failures():
    calls = [futures.submit(half, x) for x in range(6)]
    failed = [call.exception() is not None for call in futures.as_completed(calls)]
    assert sorted(failed) == [False] * 3 + [True] * 3, failed


def wait_failures():
    calls = [futures.submit(half, x) for x in range(6)]
    done, not_done = futures.wait(calls)
    assert (done, not_done) == (set(calls), set())
    assert [str(call.exception()) for call in calls[1::2]] == ["1 is odd", "3 is odd", "5 is odd"]


def wait_first_exception():
    calls = [futures.submit(half, 1)] + [futures.submit(nap, 0.1) for _ in range(100)]
    done, not_done = futures.wait(calls, return_when=futures.FIRST_EXCEPTION)
    assert calls[0] in done
    assert str(calls[0].exception()) == "1 is odd"
    assert not_done, "waited for all of them"


def wait_none():
    calls = [futures.submit(half, x) for x in (0, 2, 4)]
    assert futures.wait(calls, None).done == set(calls)


def duplicates():
    calls = [futures.submit(half, x) for x in (0, 2)]
    assert sorted(call.result() for call in futures.as_completed(calls * 3)) == [0, 1]


def exception_waits():
    calls = [futures.submit(half, x) for x in (1, 2, 3)]
    errors = [call.exception() for call in calls]
    assert [type(error) for error in errors] == [ValueError, type(None), ValueError], errors


def cancel():
    calls = [futures.submit(nap, 0.05) for _ in range(20)]
    dropped = [call for call in reversed(calls) if call.cancel()]
    assert dropped, "no call can be cancelled"
    for call in dropped:
        assert call.cancelled()
        assert call.done(), "cancelled, and not done"
        assert not call.running(), "cancelled, and running"


def cancel_callback():
    calls = [futures.submit(nap, 0.05) for _ in range(20)]
    told = []
    for call in calls:
        call.add_done_callback(told.append)
    dropped = [call for call in reversed(calls) if call.cancel()]
    assert dropped, "no call can be cancelled"
    assert set(dropped) <= set(told), "a cancelled call did not call back"


def callback_failure():
    call = futures.submit(half, 2)
    call.add_done_callback(lambda call: {}["lost by a callback"])
    assert call.result() == 1


def polled():
    """Asking again and again gets it done, though there is no other rank."""
    call = futures.submit(half, 2)
    deadline = time.monotonic() + 5
    while not call.done():
        assert time.monotonic() < deadline, "never done"
    assert call.result() == 1


def equality():
    call = futures.submit(half, 2)
    assert call == call
    assert call != None  # noqa
    assert call not in [1, None, "a"]
    assert call in [1, call]


def many_as_completed():
    calls = [futures.submit(half, 2) for _ in range(20_000)]
    assert sum(call.result() for call in futures.as_completed(calls)) == 20_000


def many_map_as_completed():
    assert sum(futures.map_as_completed(half, [2] * 20_000)) == 20_000


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("ok")
