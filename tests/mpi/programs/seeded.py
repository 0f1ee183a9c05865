"""Prints random numbers that calls of many kinds drew: the same lines at any number of ranks."""

from __future__ import annotations

import operator

import numpy

from scoop_mpi import errors, futures, random


def draw(x: int) -> float:
    """Draw once, and once more from the same generator."""
    assert random.generator() is random.generator()
    return random.generator().random() + x


def both(x: int, y: numpy.ndarray) -> float:
    """Draw with two arguments."""
    return random.generator().random() + x + y.sum()


def nested(x: int) -> list[float]:
    """Draw, and have calls draw: mapped, submitted, mapped again, reduced."""
    mine = random.generator().random()
    one = futures.submit(draw, x)
    many = list(futures.map(draw, range(3)))
    return [
        mine,
        one.result(),
        *many,
        *futures.map(draw, range(2)),
        futures.mapReduce(draw, operator.add, [1, 2]),
    ]


def unseeded(x: int) -> bool:
    """See that there is no generator."""
    try:
        random.generator()
    except errors.NotSeeded as error:
        return "Rank " in str(error)
    return False


def hexes(values: list[float]) -> str:
    """Return floats as they are, to the last bit."""
    return " ".join(map(float.hex, values))


def main() -> None:
    """Draw in every way."""
    assert all(futures.map(unseeded, range(20)))
    seeded = futures.with_options(seed=7)
    first = list(seeded.map(draw, range(40)))
    print(hexes(first))
    assert len({value % 1 for value in first}) == 40
    again = list(seeded.map(draw, range(40)))
    assert not set(again) & set(first)
    assert list(futures.with_options(seed=7, timeout=60).map(draw, range(40))) == first
    assert list(futures.with_options(seed=8).map(draw, range(40))) != first
    assert sorted(futures.with_options(seed=7).map_as_completed(draw, range(40))) == sorted(first)
    assert all(futures.map(unseeded, range(20)))
    for values in futures.with_options(seed=7).map(nested, range(12)):
        assert len(set(values)) == len(values)
        print(hexes(values))
    print(hexes(futures.with_options(seed=7).map(both, range(5), numpy.ones((5, 2)))))
    random.seed(3)
    print(random.generator().random().hex())
    singles = [futures.submit(draw, 0) for _ in range(10)]
    print(hexes([single.result() for single in singles]))
    print(hexes(futures.map(draw, range(10))))
    assert list(futures.with_options(seed=7).map(draw, range(40), buffersize=4)) == first
    print(futures.mapReduce(draw, operator.add, range(2000)).hex())
    print(hexes(futures.mapScan(draw, operator.add, range(700))[::100]))
    told: list[bool] = []
    future = futures.submit(draw, 0)
    future.add_done_callback(lambda _: told.append(unseeded(0)))
    future.result()
    assert told == [True]
    print("ok")


if __name__ == "__main__":
    main()
