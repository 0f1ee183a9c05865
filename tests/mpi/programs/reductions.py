"""Reductions and scans against their brackets, which the number of items alone decides."""

import functools
import itertools
import operator
import random
import sys
import threading
import time

import numpy as np

from scoop_mpi import futures
from scoop_mpi import random as seeded


def name(x):
    return f"<{x}>"


def pair(left, right):
    """An operator whose value shows all its brackets."""
    return f"({left}{right})"


def slow_name(x):
    time.sleep(0.003)
    return name(x)


def slow_pair(left, right):
    time.sleep(0.002)
    return pair(left, right)


def add_names(x, y):
    return name(x) + name(y)


def vector(x):
    """A large value, larger than what is sent in one piece."""
    time.sleep(0.002)
    return np.full(100_000, float(x))


def increase(left, right):
    """Reduce in place: the left operand is nobody else's."""
    left += right
    return left


def fail_at(where, kind, x):
    if x == where:
        raise kind(x)
    return x


def inner(n):
    return futures.mapReduce(name, pair, range(n))


def draw(x):
    return seeded.generator().random() + x


def draw_join(left, right):
    return left + right * seeded.generator().random()


class Shift:
    """A callable with state that each rank has a copy of, and a large one."""

    def __init__(self):
        self.table = np.arange(50_000.0)

    def __call__(self, x):
        return float(self.table[x])


class Box:
    """A value that cannot travel, but whose sum can."""

    def __init__(self, x):
        self.x = x
        self.lock = threading.Lock()

    def __add__(self, other):
        return self.x + (other.x if isinstance(other, Box) else other)

    def __radd__(self, other):
        return other + self.x


def tree(values):
    """Combine values in pairs of neighbours, again and again."""
    while len(values) > 1:
        odd = values[-1:] if len(values) % 2 else []
        values = [pair(a, b) for a, b in zip(values[::2], values[1::2], strict=False)] + odd
    return values[0]


@functools.cache
def bracketed(items):
    """Return what the names of so many items must be reduced to by `pair`."""
    size = -(-items // 512)
    names = list(map(name, range(items)))
    return tree([functools.reduce(pair, names[i : i + size]) for i in range(0, items, size)])


def brackets():
    """For any number of items, of any kind, as fast or slow as they may be."""
    for items in (1, 2, 3, 5, 7, 8, 9, 64, 100, 260, 300, 511, 512, 513, 1025, 5000):
        assert futures.mapReduce(name, pair, range(items)) == bracketed(items), items
        assert futures.mapReduce(name, pair, list(range(items))) == bracketed(items), items
        assert futures.mapReduce(name, pair, (x for x in range(items))) == bracketed(items), items
    for items in (1, 2, 5, 40, 75):
        assert futures.mapReduce(slow_name, pair, range(items)) == bracketed(items), items
        assert futures.mapReduce(name, slow_pair, range(items)) == bracketed(items), items
        assert futures.mapReduce(name, pair, range(items), initial="0") == f"(0{bracketed(items)})"
    twice = futures.mapReduce(add_names, operator.add, range(700), itertools.count())
    assert twice == "".join(name(x) * 2 for x in range(700))
    assert futures.mapReduce(len, operator.add, [[0] * n for n in range(600)]) == sum(range(600))
    rows = np.arange(1200.0).reshape(600, 2)
    assert futures.mapReduce(np.sum, operator.add, rows) == rows.sum()
    assert futures.mapReduce(list, operator.add, [[x] for x in range(90)]) == list(range(90))
    assert futures.mapReduce(name, pair, [], initial=3) == 3
    assert futures.mapReduce(Shift(), operator.add, range(2000)) == sum(range(2000))
    assert futures.mapReduce(Box, operator.add, range(2000)) == sum(range(2000))
    for iterable in (itertools.count(), itertools.repeat(1)):
        try:
            futures.mapReduce(name, pair, iterable)
        except ValueError as error:
            assert "no end" in str(error)
        else:
            raise AssertionError("no end")


def large_values():
    """Arrays, reduced in place."""
    for items in (1, 2, 50, 130):
        total = futures.mapReduce(vector, increase, range(items))
        assert total.shape == (100_000,) and (total == sum(range(items))).all()


def failures():
    """The error of the first item that fails; the others are let go of, and nothing is told."""
    for items, where in ((10, 3), (200, 150), (2000, 1999), (2000, 0)):
        for kind in (ValueError, StopIteration):
            function = functools.partial(fail_at, where, kind)
            try:
                futures.mapReduce(function, operator.add, range(items))
            except kind:
                pass
            else:
                raise AssertionError(f"{kind.__name__} at {where} of {items}")
    try:
        futures.mapReduce(functools.partial(fail_all, 0.002), operator.add, range(100))
    except LookupError as error:
        assert error.args == (0,)


def fail_all(seconds, x):
    time.sleep(seconds)
    raise LookupError(x)


def places():
    """Nested, on threads, seeded."""
    assert list(futures.map(inner, [40, 600, 3])) == [bracketed(40), bracketed(600), bracketed(3)]
    assert futures.mapReduce(inner, operator.add, [3] * 30) == bracketed(3) * 30
    found = []
    threads = [threading.Thread(target=lambda: found.append(inner(900))) for _ in range(2)]
    for thread in threads:
        thread.start()
    found.append(inner(900))
    for thread in threads:
        thread.join()
    assert found == [bracketed(900)] * 3


def scans():
    """All prefixes, whoever gives them their offset."""
    for items in (1, 2, 511, 513, 1300):
        expected = list(itertools.accumulate(map(name, range(items)), operator.add))
        assert futures.mapScan(name, operator.add, range(items)) == expected
        begun = list(itertools.accumulate(map(name, range(items)), operator.add, initial="0"))
        assert futures.mapScan(name, operator.add, iter(range(items)), initial="0") == begun
    expected = list(itertools.accumulate(range(1100)))
    assert futures.mapScan(int, slow_add, range(1100)) == expected
    assert futures.mapScan(int, operator.add, [], initial=4) == [4]
    rows = np.arange(1200.0).reshape(600, 2)
    assert futures.mapScan(np.sum, operator.add, rows) == list(np.cumsum(rows.sum(axis=1)))


def slow_add(x, y):
    time.sleep(0.0006)
    return x + y


def random_programs(first, last):
    """Of uneven items: the brackets stay."""
    for seed in range(first, last):
        rnd = random.Random(seed)
        items = rnd.randrange(1, 1500)
        naps = [rnd.random() < 5 / items for _ in range(items)]
        assert futures.mapReduce(uneven, pair, range(items), naps) == bracketed(items), seed


def uneven(x, naps):
    if naps:
        time.sleep(0.004)
    return name(x)


if __name__ == "__main__":
    brackets()
    large_values()
    failures()
    places()
    scans()
    random_programs(*map(int, sys.argv[1:]))
    values = [1.0 / (x + 1) for x in range(5000)]
    print(futures.mapReduce(float, operator.add, values).hex())
    seeded.seed(7)
    print(futures.mapReduce(draw, draw_join, range(700)).hex())
    print(sum(futures.map(draw, range(3))))
    print("ok")
