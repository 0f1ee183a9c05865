"""Functions that travel: what runs is what was given, as it was when it was given."""

import functools
import pickle
import sys

from scoop import futures


class Scale:
    """Something with a state and methods."""

    def __init__(self, factor):
        self.factor = factor

    def times(self, x):
        return self.factor * x

    @classmethod
    def named(cls, x):
        return f"{cls.__name__} {x}"


class Callable(Scale):
    """One whose instances can be called too."""

    def __call__(self, x):
        return self.factor * x


def mapped(function):
    return list(futures.map(function, range(4)))


def recycled_lambda():
    for k in range(20):
        got = mapped(eval(f"lambda x: x * {k}"))  # freed at once: the next one takes its address
        assert got == [0, k, 2 * k, 3 * k], f"lambda number {k}: {got}"


def closure():
    for k in range(3):
        got = mapped(lambda x: x * k)
        assert got == [0, k, 2 * k, 3 * k], f"k is {k}: {got}"


def default():
    for k in range(3):
        got = mapped(lambda x, k=k: x * k)
        assert got == [0, k, 2 * k, 3 * k], f"k is {k}: {got}"


def method():
    scale = Scale(1)
    assert mapped(scale.times) == [0, 1, 2, 3]
    scale.factor = 100
    got = mapped(scale.times)
    assert got == [0, 100, 200, 300], f"frozen: {got}"


def method_of_callable():
    scale = Callable(3)
    assert mapped(scale.times) == [0, 3, 6, 9]


def class_method():
    assert mapped(Scale.named) == ["Scale 0", "Scale 1", "Scale 2", "Scale 3"]


def toolbox():
    """As DEAP registers functions: a partial that has the function's own attributes."""
    registered = functools.partial(futures.map, len)
    registered.__dict__.update(futures.map.__dict__)
    again = pickle.loads(pickle.dumps(registered))
    assert list(again(["a", "bc"])) == [1, 2]


def pickled_calls():
    for call in (futures.submit, futures.mapReduce, futures.mapScan):
        assert pickle.loads(pickle.dumps(call)) is call


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("ok")
