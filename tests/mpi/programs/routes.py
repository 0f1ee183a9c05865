"""Every fault of travel.py by every way to an outcome; after each, the job works as before.

Prints a line for each: the way, the fault, and what came.
"""

import sys

import travel

from scoop_mpi import futures
from scoop_mpi.errors import PickleError, RemoteError


def what_came(get):
    """Return an outcome in words: a value's type, or an exception's type and its text."""
    try:
        value = get()
    except BaseException as error:  # any may come
        if isinstance(error, PickleError | RemoteError):
            return type(error).__name__
        text = "" if isinstance(error, travel.Unspeakable) else str(error).partition("\n")[0]
        return f"{type(error).__name__} {text}".strip()
    return type(value).__name__


def submit(name):
    return what_came(futures.submit(travel.make, name).result)


def first_of_map(name):
    return what_came(lambda: next(futures.map(travel.make, [name])))


def amid_others(name):
    """One of many short calls, which travel in blocks."""
    outcomes = futures.map(travel.make, ["fine"] * 20 + [name] + ["fine"] * 20)
    assert [next(outcomes) for _ in range(20)] == ["fine"] * 20
    return what_came(lambda: next(outcomes))


def as_completed(name):
    return what_came(lambda: next(iter(futures.map_as_completed(travel.make, [name]))))


def exception(name):
    future = futures.submit(travel.make, name)
    futures.wait([future])
    error = future.exception()
    return what_came(future.result if error is None else lambda: travel.raise_(error))


def callback(name):
    came = []
    future = futures.submit(travel.make, name)
    future.add_done_callback(lambda done: came.append(what_came(done.result)))
    futures.wait([future])
    while not came:
        list(futures.map(abs, [1]))
    return came[0]


def nested(name):
    """From a call that the faulty call belongs to, on whatever rank."""
    return futures.submit(submit, name).result()


def nested_in_map(name):
    return next(futures.map(amid_others, [name]))


WAYS = [submit, first_of_map, amid_others, as_completed, exception, callback, nested, nested_in_map]


def main():
    for way in WAYS:
        for name in travel.FAULTS:
            print(f"{way.__name__}: {name}: {way(name)}")
            assert list(futures.map(abs, range(-30, 0))) == list(range(30, 0, -1))
    print("ok")
    sys.exit(5)


if __name__ == "__main__":
    main()
