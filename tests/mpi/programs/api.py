"""The public calls mean what PEP 3148 says; each claim is an assertion in the root."""

import functools
import itertools
import operator
import pickle
import time

import numpy as np

import scoop_mpi
from scoop_mpi import futures


def square(x):
    return x * x


def add(x, y):
    return x + y


def fail_at_three(x):
    if x == 3:
        raise ValueError(f"no {x}")
    return x


def keywords(*args, **kwargs):
    return args, kwargs


def nap(seconds):
    time.sleep(seconds)
    return seconds


def slow_join(x, y):
    """A reduction that is worth a message."""
    time.sleep(0.01)
    return x + y


def maps():
    """`map`: inputs, order, length, zip's rule, errors in their turn."""
    assert list(futures.map(square, [3, 1, 2])) == [9, 1, 4]
    assert list(futures.map(square, range(5000))) == [x * x for x in range(5000)]
    assert list(futures.map(square, (x for x in range(10)))) == [x * x for x in range(10)]
    assert list(futures.map(str.upper, {"a": 1, "b": 2})) == ["A", "B"]
    assert list(futures.map(add, [1, 2, 3], [10, 20])) == [11, 22]
    assert list(futures.map(add, [1, 2, 3], itertools.count(1))) == [2, 4, 6]
    assert list(futures.map(add, "ab", itertools.repeat("x"))) == ["ax", "bx"]
    assert list(futures.map(square, [])) == []
    assert list(futures.map(square)) == []
    assert [float(x) for x in futures.map(square, np.arange(4.0))] == [0.0, 1.0, 4.0, 9.0]
    rows = list(futures.map(np.sum, np.ones((3, 4))))
    assert [float(x) for x in rows] == [4.0, 4.0, 4.0]
    assert len(futures.map(square, range(7))) == 7
    assert len(futures.map(square, iter(range(7)))) == 7
    results = futures.map(fail_at_three, range(6))
    assert [next(results), next(results), next(results)] == [0, 1, 2]
    try:
        next(results)
    except ValueError as error:
        assert error.args == ("no 3",)
    else:
        raise AssertionError("the fourth call raised")
    assert list(results) == [], "a failure ends the iterator, as PEP 3148's"
    for bad in (3, None):
        try:
            futures.map(bad, [1])
        except TypeError as error:
            assert "callable" in str(error)
        else:
            raise AssertionError("not callable")
    assert futures.map.__dict__ == {}
    assert pickle.loads(pickle.dumps(futures.map)) is futures.map
    assert sorted(futures.map_as_completed(square, range(300))) == [x * x for x in range(300)]
    assert list(futures.map_as_completed(square, [])) == []


def single_calls():
    """`submit` and Future."""
    assert futures.submit(keywords, 1, a=2, timeout=3).result() == ((1,), {"a": 2, "timeout": 3})
    future = futures.submit(square, 5)
    assert isinstance(future, futures.Future)
    future.note = "attributes may be set"
    while not future.done():
        pass
    assert future.result() == 25 and future.exception() is None
    assert not future.running() and not future.cancelled() and not future.cancel()
    failed = futures.submit(fail_at_three, 3)
    assert isinstance(failed.exception(), ValueError) and failed.done()
    for _ in range(2):
        try:
            failed.result(timeout=30)
        except ValueError:
            pass
        else:
            raise AssertionError("result raises what the call raised, each time")
    mutable = futures.submit(list, "ab")
    assert mutable.result() is mutable.result()
    assert future in [future] and future != failed and future != None  # noqa: E711


def waits():
    """`wait` and `as_completed` report failures; timeouts are kept."""
    if getattr(scoop_mpi, "SIZE", 1) > 1:
        list(futures.map(nap, [0.01] * 20))
        for _ in range(20):  # on a machine that is very busy nobody may take it in time
            slow = futures.submit(nap, 0.2)
            try:
                slow.result(timeout=0.05)
            except TimeoutError:
                break
        else:
            raise AssertionError("a call of 0.2 s on another rank is not there after 0.05 s")
        assert slow.result() == 0.2
    calls = [futures.submit(fail_at_three, x) for x in range(6)]
    done, not_done = futures.wait(calls)
    assert done == set(calls) and not not_done
    assert futures.wait(calls, return_when=futures.FIRST_EXCEPTION).done
    assert sum(call.exception() is not None for call in calls) == 1
    assert futures.wait([]) == (set(), set())
    assert len(futures.wait([futures.submit(square, x) for x in range(50)], timeout=-1).done) == 50
    first = futures.wait([futures.submit(square, x) for x in range(9)], None, "FIRST_COMPLETED")
    assert len(first.done) >= 1
    in_time = []
    try:
        for value in futures.map(nap, [0.2] * 30, timeout=0.3):
            in_time.append(value)
    except TimeoutError:
        assert len(in_time) < 30
    else:
        raise AssertionError("a map goes on after its time")
    both = futures.wait([futures.submit(nap, 0.2) for _ in range(30)], timeout=0.05)
    assert both.not_done and len(both.done) + len(both.not_done) == 30
    none = futures.wait(list(both.not_done), timeout=0)
    assert len(none.done) + len(none.not_done) == len(both.not_done)
    calls = [futures.submit(fail_at_three, x) for x in range(20)]
    seen = list(futures.as_completed(calls + calls))
    assert len(seen) == 20 and set(seen) == set(calls), "each once, failed ones too"
    assert calls[3].exception() is not None
    try:
        list(futures.as_completed([futures.submit(nap, 0.2) for _ in range(30)], timeout=0.05))
    except TimeoutError:
        pass
    else:
        raise AssertionError("30 naps take longer than 0.05 s on any of these sizes")
    try:
        futures.wait([], return_when="SOME")
    except ValueError:
        pass
    else:
        raise AssertionError("no such condition")


def cancels_and_callbacks():
    """A call that nobody has started can be cancelled; callbacks run in order, errors are logged."""
    called = []
    naps = [futures.submit(nap, 0.02) for _ in range(40)]
    cancelled = [call for call in naps if call.cancel()]
    for call in cancelled:
        assert call.cancelled() and call.done() and not call.running()
        try:
            call.result()
        except futures.CancelledError:
            pass
        else:
            raise AssertionError("cancelled")
    assert cancelled, "40 naps cannot all have been started"
    assert futures.wait(naps).done == set(naps)
    assert all(call.result() == 0.02 for call in naps if not call.cancelled())
    call = futures.submit(square, 6)
    call.add_done_callback(lambda f: called.append(f.result()))
    call.add_done_callback(lambda f: called.append(futures.submit(square, f.result()).result()))
    futures.wait([call])
    while len(called) < 2:
        futures.submit(square, 1).result()
    call.add_done_callback(lambda f: called.append("at once"))
    assert called == [36, 1296, "at once"]


def reductions():
    """`mapReduce` keeps the order of its operands, and its brackets; `mapScan` all prefixes."""
    assert futures.mapReduce(str, operator.add, "abcd") == "abcd"
    letters = [chr(97 + i % 26) for i in range(3000)]
    assert futures.mapReduce(str, operator.add, letters) == "".join(letters)
    assert futures.mapReduce(square, operator.add, range(1000)) == sum(x * x for x in range(1000))
    assert futures.mapReduce(square, operator.add, [7]) == 49
    assert futures.mapReduce(square, operator.add, [], initial=5) == 5
    assert futures.mapReduce(square, operator.add, [2], initial=5) == 9
    assert futures.mapReduce(add, operator.add, (x for x in range(4)), [1, 1, 1]) == 6
    assert futures.mapReduce(lambda x: [x], lambda x, y: x + y, range(50)) == list(range(50))
    assert futures.mapReduce(str, slow_join, range(21)) == "".join(map(str, range(21)))
    try:
        futures.mapReduce(square, operator.add, [])
    except TypeError as error:
        assert "initial" in str(error)
    else:
        raise AssertionError("nothing to reduce")
    values = [1.0 / (x + 1) for x in range(5000)]
    print(futures.mapReduce(float, operator.add, values).hex())
    accumulated = list(itertools.accumulate(x * x for x in range(1300)))
    assert futures.mapScan(square, operator.add, range(1300)) == accumulated
    assert futures.mapScan(square, operator.add, []) == []
    assert list(futures.map(functools.partial(pow, 2), range(5))) == [1, 2, 4, 8, 16]
    futures.shutdown()
    assert list(futures.map(square, [2])) == [4]


if __name__ == "__main__":
    maps()
    single_calls()
    waits()
    cancels_and_callbacks()
    reductions()
    print("ok")
