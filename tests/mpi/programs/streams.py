"""Maps with a buffersize, against the built-in map; each claim is an assertion in the root."""

import functools
import itertools
import os
import random
import sys
import threading
import time

import numpy as np

from scoop_mpi import futures
from scoop_mpi import random as seeded


def square(x):
    return x * x


def add(x, y):
    return x + y


def fail_at(where, x):
    if x == where:
        raise ValueError(x)
    return x


def nap(x):
    time.sleep(0.005)
    return x


def leave_trace(x):
    """Leave a file in the current folder, so that the root sees which calls were started."""
    with open(f"trace-{x}", "w"):
        time.sleep(0.005)
    return x


def nested(n):
    """Take a stream within a call."""
    return sum(itertools.islice(futures.map(square, itertools.count(), buffersize=7), n))


def draw(x):
    return x + seeded.generator().random()


class Counter:
    """A callable with state."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return os.getpid(), id(self), self.calls


class Bounded:
    """An endless source that sees to it that not too much is drawn ahead."""

    def __init__(self, size, most=10**9):
        self.size = size
        self.most = most
        self.drawn = self.taken = 0

    def __iter__(self):
        while self.drawn < self.most:
            assert self.drawn - self.taken < self.size, (self.drawn, self.taken, self.size)
            self.drawn += 1
            yield self.drawn - 1


def expect(error, call, *args, **kwargs):
    """Return the error that a call must raise."""
    try:
        call(*args, **kwargs)
    except error as raised:
        return raised
    raise AssertionError(f"no {error.__name__}")


def endless_and_bounded():
    """Iterables without end; never more than `buffersize` calls ahead, in both orders."""
    stream = futures.map(square, itertools.count(), buffersize=100)
    assert list(itertools.islice(stream, 1000)) == [x * x for x in range(1000)]
    both = futures.map(add, itertools.count(), itertools.repeat(1), buffersize=10)
    assert list(itertools.islice(both, 50)) == list(range(1, 51))
    for size in (1, 2, 3, 7, 100, 5000):
        for function in (square, nap):
            for take in (futures.map, futures.map_as_completed):
                source = Bounded(size, 20 if function is nap else 3000)
                results = []
                for value in take(function, source, buffersize=size):
                    source.taken += 1
                    results.append(value)
                assert sorted(results) == sorted(builtin(function, range(source.most)))
                assert take is futures.map_as_completed or results == sorted(results)


def builtin(function, *iterables):
    return list(map(function, *iterables))


def what_is_taken():
    """Sequences, arrays, several iterables of several lengths, nothing at all."""
    array = np.arange(24.0).reshape(12, 2)
    for size in (1, 5, 12, 1000):
        stream = functools.partial(futures.map, buffersize=size)
        assert list(stream(square, range(12))) == builtin(square, range(12))
        assert list(stream(square, list(range(12)))) == builtin(square, range(12))
        assert list(stream(len, [[1] * n for n in range(12)])) == list(range(12))
        assert list(stream(np.sum, array)) == builtin(np.sum, array)
        assert list(stream(add, range(12), (7, 8, 9))) == [7, 9, 11]
        assert list(stream(add, iter(range(3)), range(12))) == [0, 2, 4]
        assert list(stream(square, [])) == list(stream(square)) == []
        assert sorted(futures.map_as_completed(square, {3: 1, 4: 2}, buffersize=size)) == [9, 16]
    for size in (0, -1):
        assert "buffersize" in str(expect(ValueError, futures.map, square, [1], buffersize=size))
        expect(ValueError, futures.map_as_completed, square, [1], buffersize=size)
    expect(TypeError, futures.map, square, [1], buffersize=1.5)
    expect(TypeError, futures.map, square, 3, buffersize=1)
    expect(TypeError, futures.map, None, [3], buffersize=1)
    limited = futures.with_options(timeout=30.0)
    assert list(limited.map(square, range(30), buffersize=4)) == builtin(square, range(30))
    assert sorted(limited.map_as_completed(square, range(30), buffersize=4)) == builtin(
        square, range(30)
    )


def errors():
    """What a call raises, and what an iterable raises, comes after the results before it."""
    for size in (1, 3, 100, 1000):

        def broken():
            yield from range(300)
            raise LookupError("broken")

        results = []
        stream = futures.map(square, broken(), buffersize=size)
        error = expect(LookupError, lambda s=stream, r=results: r.extend(s))
        assert error.args == ("broken",) and results == builtin(square, range(300))
        assert list(stream) == []

        things = [*range(40), threading.Lock(), 41]
        stream, results = futures.map(id_of, things, buffersize=size), []
        if True:
            error = expect(Exception, lambda s=stream, r=results: r.extend(s))
            assert type(error).__name__ == "PickleError" and results == list(range(40)), error

        stream, results = (
            futures.map(functools.partial(fail_at, 50), range(99), buffersize=size),
            [],
        )
        expect(ValueError, lambda s=stream, r=results: r.extend(s))
        assert results == list(range(50))
        assert list(stream) == [], "a failure ends the iterator"
    late = futures.map(nap, itertools.repeat(1), timeout=0.2, buffersize=3)
    expect(TimeoutError, lambda: list(late))
    late = futures.map_as_completed(nap, itertools.repeat(1), timeout=0.2, buffersize=3)
    expect(TimeoutError, lambda: list(late))


def id_of(thing):
    return thing


def abandoned():
    """Closed, or let go of: what nobody has started is dropped, and nothing more is drawn."""
    for way in ("close", "del", "unused"):
        source = Bounded(10**9, 400)
        stream = futures.map(leave_trace, source, buffersize=400)
        if way != "unused":
            assert next(stream) == 0
        if way == "close":
            rest = iter(stream)
            stream.close()
            assert list(rest) == list(stream) == []
        del stream
        drawn = source.drawn
        list(futures.map(nap, range(60)))
        assert source.drawn == drawn
        traces = [name for name in os.listdir() if name.startswith("trace-")]
        assert len(traces) < 200, f"{way}: {len(traces)} calls were made, of which 1 was wanted"
        for name in traces:
            os.remove(name)


def places():
    """Nested, on threads, with state, with seeds."""
    assert list(futures.map(nested, [30] * 12)) == [sum(x * x for x in range(30))] * 12
    results = []

    def take():
        results.append(list(futures.map(square, range(500), buffersize=20)))

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    take()
    for thread in threads:
        thread.join()
    assert results == [builtin(square, range(500))] * 4
    seen = {}
    for process, copy, calls in futures.map(Counter(), range(300), buffersize=30):
        seen.setdefault((process, copy), []).append(calls)
    assert len({process for process, _ in seen}) == len(seen), "one copy on each rank"
    assert all(sorted(calls) == list(range(1, len(calls) + 1)) for calls in seen.values())
    draws = [
        list(futures.with_options(seed=5).map(draw, range(50), buffersize=size))
        for size in (None, 1, 9)
    ]
    assert draws[0] == draws[1] == draws[2]


def program(rnd):
    """Map by a random program, and return what came and what was raised."""
    items = rnd.randrange(0, 400)
    where = rnd.choice([None, None, rnd.randrange(400)])
    source_fails = rnd.choice([None, None, rnd.randrange(400)])
    form = rnd.choice(["range", "list", "generator", "array"])

    def generate():
        for x in range(items):
            if x == source_fails:
                raise LookupError(x)
            yield x

    forms = {"range": range(items), "list": list(range(items)), "array": np.arange(items)}
    iterable = forms.get(form, None) if form != "generator" else generate()
    return functools.partial(fail_at, where), iterable


def run(results):
    came = []
    try:
        for value in results:
            came.append(int(value))  # noqa: PERF401  what came before an error counts
    except (ValueError, LookupError) as error:
        return came, type(error)
    return came, None


def random_programs(first, last):
    """The same as the built-in map, for any window, in both orders."""
    for seed in range(first, last):
        rnd = random.Random(seed)
        state = rnd.getstate()
        expected = run(map(*program(rnd)))
        size = rnd.choice([1, 2, 3, 10, 50, 1000])
        rnd.setstate(state)
        assert run(futures.map(*program(rnd), buffersize=size)) == expected, (seed, size)
        rnd.setstate(state)
        came, error = run(futures.map_as_completed(*program(rnd), buffersize=size))
        assert error is expected[1], (seed, size)
        if error is None:
            assert sorted(came) == expected[0], (seed, size)


def without_a_size():
    """A map that would never end says so."""
    for iterable in (itertools.count(), itertools.cycle("ab"), itertools.repeat(1)):
        assert "buffersize" in str(expect(ValueError, futures.map, square, iterable))
    assert list(futures.map(square, itertools.repeat(2, 3))) == [4, 4, 4]
    assert list(futures.map(add, itertools.count(), [1, 2])) == [1, 3]


if __name__ == "__main__":
    endless_and_bounded()
    what_is_taken()
    errors()
    abandoned()
    places()
    random_programs(*map(int, sys.argv[1:]))
    without_a_size()
    print("ok")
