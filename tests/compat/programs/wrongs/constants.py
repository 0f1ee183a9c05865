"""Constants: any value may be one, at once."""

import functools
import sys

from scoop import futures, shared


class Point:
    """A class, to be made a constant itself."""

    def __init__(self, x):
        self.x = x


class Adder:
    """Whose instances can be called."""

    def __init__(self, n):
        self.n = n

    def __call__(self, x):
        return self.n + x


def twice(x):
    return 2 * x


def call_constant(x):
    return shared.getConst("function", timeout=5)(x)


def x_of_constant(x):
    return shared.getConst("Point", timeout=5)(x).x


def own_class():
    shared.setConst(Point=Point)
    assert list(futures.map(x_of_constant, range(6))) == list(range(6))


def builtin():
    shared.setConst(function=abs)
    assert list(futures.map(call_constant, range(-3, 3))) == [3, 2, 1, 0, 1, 2]


def partial():
    shared.setConst(function=functools.partial(pow, 2))
    assert list(futures.map(call_constant, range(6))) == [1, 2, 4, 8, 16, 32]


def instance():
    shared.setConst(function=Adder(10))
    assert list(futures.map(call_constant, range(3))) == [10, 11, 12]


def closure():
    n = 10
    shared.setConst(function=lambda x: x + n)
    assert list(futures.map(call_constant, range(3))) == [10, 11, 12]


def own_name():
    """A function under its own name, which is then mapped as well."""
    shared.setConst(twice=twice)
    assert list(futures.map(twice, range(6))) == [0, 2, 4, 6, 8, 10]


def many():
    for number in range(200):
        shared.setConst(**{f"number_{number}": number})
    assert [shared.getConst(f"number_{number}") for number in range(200)] == list(range(200))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("ok")
