"""Arguments and outcomes: the same wherever a call happens to run."""

import sys
import threading

from scoop import futures


class Misplaced(Exception):
    """An exception that is made of two values, and passes on one."""

    def __init__(self, what, where):
        super().__init__(f"{what} is not in {where}")
        self.what = what
        self.where = where


def grow(items):
    items.append("grown")
    return items


def misplace(what, where):
    raise Misplaced(what, where)


def lock_or(x):
    """Return what cannot be sent, or x."""
    return threading.Lock() if x is None else x


def own_arguments():
    """What a call does to its arguments is never seen by the caller."""
    given = [[number] for number in range(5)]
    got = list(futures.map(grow, given))
    assert got == [[number, "grown"] for number in range(5)]
    assert given == [[number] for number in range(5)], f"changed: {given}"
    alone = []
    assert futures.submit(grow, alone).result() == ["grown"]
    assert alone == [], f"changed: {alone}"


def unpicklable_result():
    calls = [futures.submit(lock_or, x) for x in (1, None, 2, None, 3)]
    failed = [call.exception() is not None for call in calls]
    assert failed == [False, True, False, True, False], failed
    assert [call.result() for call in calls[::2]] == [1, 2, 3]
    assert list(futures.map(lock_or, range(20))) == list(range(20))


def exception_of_two():
    calls = [futures.submit(misplace, what, "here") for what in "abc"]
    for what, call in zip("abc", calls):
        try:
            call.result()
        except Misplaced as error:
            assert (error.what, error.where, str(error)) == (what, "here", f"{what} is not in here")
        else:
            raise AssertionError("nothing was raised")


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("ok")
