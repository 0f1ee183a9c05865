"""What travels, and what cannot: only the call that it belongs to fails. Prints one line a case."""

import functools
import os
import sys
import threading
from collections import namedtuple

import numpy as np

from scoop_mpi import futures

Point = namedtuple("Point", "x y")


class Odd(Exception):
    """An exception whose constructor wants what its `args` do not hold."""

    def __init__(self, text, code):
        super().__init__(text)
        self.code = code


class Unspeakable(Exception):
    """An exception whose text raises."""

    def __str__(self):
        raise RuntimeError("no text")


class Stuck(Exception):
    """An exception that holds what cannot be pickled."""

    def __init__(self):
        super().__init__("stuck")
        self.lock = threading.Lock()


class FailsToLoad:
    def __reduce__(self):
        return explode, ()


class ExitsOnLoad:
    def __reduce__(self):
        return sys.exit, (3,)


class FailsToPickle:
    def __reduce__(self):
        raise RuntimeError("no pickle of me")


def explode():
    raise RuntimeError("no load of me")


def recurse():
    return recurse()


def nested():
    value = []
    for _ in range(200_000):
        value = [value]
    return value


def chained():
    try:
        1 / 0
    except ZeroDivisionError as cause:
        error = ValueError("chained")
        error.add_note("a note")
        raise error from cause


def raise_(error):
    raise error


FAULTS = {
    "fine": lambda: "fine",
    "lock": threading.Lock,
    "fails to load": FailsToLoad,
    "exits on load": ExitsOnLoad,
    "fails to pickle": FailsToPickle,
    "odd": lambda: raise_(Odd("odd", 7)),
    "unspeakable": lambda: raise_(Unspeakable()),
    "stuck": lambda: raise_(Stuck()),
    "exit": lambda: sys.exit(3),
    "interrupt": lambda: raise_(KeyboardInterrupt("k")),
    "generator exit": lambda: raise_(GeneratorExit()),
    "stop": lambda: raise_(StopIteration(7)),
    "recursion": recurse,
    "memory": lambda: raise_(MemoryError()),
    "nested": nested,
    "chained": chained,
    "group": lambda: raise_(ExceptionGroup("g", [ValueError(1), TypeError(2)])),
    "generator": lambda: (x for x in "abc"),
    "lambda": lambda: lambda x: x + 1,
    "fine again": lambda: "fine again",
}


def make(fault):
    return FAULTS[fault]()


def outcome(call, timeout):
    """Return what a call gave, as a line that does not depend on where it ran."""
    try:
        value = call.result(timeout)
    except BaseException as error:
        if "remote" in sys.argv and not isinstance(error, ValueError):
            cause = error
            while cause.__cause__ is not None:
                cause = cause.__cause__
        notes = getattr(error, "__notes__", [])
        own = type(error.__cause__).__name__ if "chained" in repr(error.args) else ""
        return " ".join(filter(None, [type(error).__name__, *notes, own]))
    return value(1) if callable(value) else value


class Counter:
    """Counts its calls: one copy a map and rank."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return os.getpid(), self.calls


class Base:
    k = 5

    def __init__(self, value):
        self.value = value

    def plus(self, x):
        return self.value + x

    @classmethod
    def times(cls, x):
        return cls.k * x

    @staticmethod
    def twice(x):
        return 2 * x


def append(values):
    values.append(1)
    return values


def add_one(array):
    array += 1
    return array


def is_base(thing):
    return isinstance(thing, Base)


def give_base(value):
    return Base(value)


def callables():
    """Everything that can be called can be mapped, and is never stale."""
    factor = 10

    def local(x):
        return x * factor

    assert list(futures.map(local, range(3))) == [0, 10, 20]
    factor = 100
    assert list(futures.map(local, range(3))) == [0, 100, 200]
    assert list(futures.map(lambda x, y=3: x + y, range(3))) == [3, 4, 5]
    assert list(futures.map(functools.partial(max, 1), range(3))) == [1, 1, 2]
    base = Base(1)
    assert list(futures.map(base.plus, range(3))) == [1, 2, 3]
    base.value = 100
    assert list(futures.map(base.plus, range(3))) == [100, 101, 102]
    assert list(futures.map(Base.times, range(3))) == [0, 5, 10]
    assert list(futures.map(Base.twice, range(3))) == [0, 2, 4]
    assert list(futures.map(Point, [1, 2], [3, 4])) == [Point(1, 3), Point(2, 4)]
    for _ in range(2):
        counts = {}
        for pid, calls in futures.map(Counter(), range(200)):
            counts[pid] = max(calls, counts.get(pid, 0))
        assert sum(counts.values()) == 200, "a fresh copy for each map, one on each rank"
    assert list(futures.map(is_base, [Base(1), 2])) == [True, False]
    assert all(isinstance(thing, Base) for thing in futures.map(give_base, range(20)))


def copies():
    """What a call does to its arguments stays with the call; results belong to the caller."""
    values = [[x] for x in range(40)]
    results = list(futures.map(append, values))
    assert results == [[x, 1] for x in range(40)] and values == [[x] for x in range(40)]
    results[0].append(2)
    shared = [0]
    first, second = futures.map(append, [shared, shared])
    assert first == second == [0, 1] and first is not second
    array = np.zeros(300_000)
    for timeout in (None, 30):
        result = futures.submit(add_one, array).result(timeout)
        assert result[0] == 1 and array[0] == 0 and result.flags.writeable
    fortran = np.asfortranarray(np.arange(200_000.0).reshape(400, 500))
    result = futures.submit(add_one, fortran).result(30)
    assert result.flags.f_contiguous and (result == fortran + 1).all()
    rows = list(futures.map(add_one, np.arange(6.0).reshape(3, 2)))
    assert np.array_equal(rows, [[1, 2], [3, 4], [5, 6]])
    big = [np.full(1_000_000, x, dtype="f4") for x in range(12)]
    for x, result in enumerate(futures.map(add_one, big)):
        assert result.dtype == np.float32 and result[0] == x + 1 and big[x][0] == x


def arguments():
    """What cannot be pickled is told at the call; what cannot be loaded, by its own future."""
    for bad in (threading.Lock(), FailsToPickle()):
        for call in (
            lambda: futures.submit(make, bad),
            lambda: futures.map(make, [1, bad]),
            lambda: futures.submit(functools.partial(make, bad)),
        ):
            try:
                call()
            except TypeError as error:
                assert "This element could not be pickled:" in str(error)
                assert type(bad).__name__ in str(error), error
            else:
                raise AssertionError(f"{bad} was taken")
    for bad, expected in ((FailsToLoad(), RuntimeError), (ExitsOnLoad(), SystemExit)):
        error = futures.submit(is_base, bad).exception(30)
        assert isinstance(error, expected), error
        results = futures.map(is_base, [1, 2, bad, 4])
        assert [next(results), next(results)] == [False, False]
        try:
            next(results)
        except expected:
            pass
        else:
            raise AssertionError(f"{bad} was loaded")


if __name__ == "__main__":

    class Guarded(Base):
        """Exists on the root alone."""

    def guarded(x):
        return Guarded(x).plus(1)

    timeout = 30 if "remote" in sys.argv else None
    for fault in FAULTS:
        print(f"{fault}: {outcome(futures.submit(make, fault), timeout)}")
    assert list(futures.map(guarded, range(3))) == [1, 2, 3]
    assert [thing.value for thing in futures.map(Guarded, range(3))] == [0, 1, 2]
    callables()
    copies()
    arguments()
    print("ok")
