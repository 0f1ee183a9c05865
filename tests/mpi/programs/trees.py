"""Random trees of nested calls, by seed, against the same tree walked serially."""

import random
import sys
import time

from scoop_mpi import futures


class Parallel:
    """Runs the children of a node as calls, in one of several ways."""

    @staticmethod
    def submit(rnd, seeds, depth):
        calls = [futures.submit(node, seed, depth) for seed in seeds]
        rnd.shuffle(calls)
        return sum(outcome(call, 100 if rnd.random() < 0.3 else None) for call in calls)

    @staticmethod
    def as_completed(rnd, seeds, depth):
        calls = [futures.submit(node, seed, depth) for seed in seeds]
        return sum(outcome(call, None) for call in futures.as_completed(calls))

    @staticmethod
    def wait(rnd, seeds, depth):
        calls = [futures.submit(node, seed, depth) for seed in seeds]
        futures.wait(calls, timeout=None if rnd.random() < 0.5 else 0.001)
        return sum(outcome(call, None) for call in calls)

    @staticmethod
    def map(rnd, seeds, depth):
        return sum(futures.map(node, seeds, [depth] * len(seeds)))

    @staticmethod
    def map_as_completed(rnd, seeds, depth):
        return sum(futures.map_as_completed(node, seeds, [depth] * len(seeds)))

    @staticmethod
    def reduce(rnd, seeds, depth):
        return futures.mapReduce(lambda seed: node(seed, depth), lambda a, b: a + b, seeds)


WAYS = ["submit", "as_completed", "wait", "map", "map_as_completed", "reduce"]
FORGIVING = {"submit", "as_completed", "wait"}


def outcome(call, timeout):
    """Return the value of a call, or something made of what it raised."""
    try:
        return call.result(timeout)
    except ValueError as error:
        return error.args[0] % 7


def plan(seed, depth):
    """Return what a node does: way (or None for a leaf), seeds of its children, whether it fails."""
    rnd = random.Random(seed)
    fails = rnd.random() < 0.03
    if depth == 0 or rnd.random() < 0.15:
        return rnd, None, [], fails
    return rnd, rnd.choice(WAYS), [rnd.randrange(10**9) for _ in range(rnd.randrange(1, 7))], fails


def node(seed, depth):
    """Run a node of the tree, its children as calls."""
    rnd, way, seeds, fails = plan(seed, depth)
    if fails:
        raise ValueError(seed)
    if way is None:
        if rnd.random() < 0.2:
            time.sleep(rnd.random() * 0.003)
        return seed % 1000
    try:
        return getattr(Parallel, way)(rnd, seeds, depth - 1)
    except ValueError:
        return -1


def serial(seed, depth):
    """Return what `node` must return."""
    _, way, seeds, fails = plan(seed, depth)
    if fails:
        raise ValueError(seed)
    if way is None:
        return seed % 1000
    total = 0
    for child in seeds:
        try:
            total += serial(child, depth - 1)
        except ValueError as error:
            if way not in FORGIVING:
                return -1
            total += error.args[0] % 7
    return total


def chain(length):
    """Return `length`, by a chain of calls each of which waits for the next."""
    return 0 if length == 0 else 1 + futures.submit(chain, length - 1).result()


def value_of(walk, seed):
    try:
        return walk(seed, 4)
    except ValueError as error:
        return error.args


if __name__ == "__main__":
    first, last = map(int, sys.argv[1:])
    for seed in range(first, last):
        assert value_of(node, seed) == value_of(serial, seed), seed
    assert chain(1000) == 1000
    assert sum(futures.map(chain, [3] * 10_000)) == 30_000
    print("ok")
