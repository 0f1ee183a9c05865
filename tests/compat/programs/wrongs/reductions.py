"""mapReduce and mapScan: the values of functools.reduce and itertools.accumulate."""

import itertools
import operator
import sys

from scoop import futures


def double(x):
    return 2 * x


def word(x):
    return f"{x} "


def scan():
    for items in range(2, 12):
        got = futures.mapScan(double, operator.add, range(items))
        expected = list(itertools.accumulate(map(double, range(items))))
        assert got == expected, f"wrong prefixes: {got}"


def scan_words():
    got = futures.mapScan(word, operator.add, range(5))
    assert got == ["0 ", "0 1 ", "0 1 2 ", "0 1 2 3 ", "0 1 2 3 4 "], f"wrong prefixes: {got}"


def scan_of_one():
    assert futures.mapScan(double, operator.add, [3]) == [6]


def scan_of_none():
    assert futures.mapScan(double, operator.add, []) == []


def scan_of_generator():
    assert futures.mapScan(double, operator.add, (x for x in range(4))) == [0, 2, 6, 12]


def reduce_of_one():
    assert futures.mapReduce(double, operator.add, [3]) == 6


def reduce_of_none():
    try:
        futures.mapReduce(double, operator.add, [])
    except TypeError as error:
        assert "initial" in str(error), error
    else:
        raise AssertionError("nothing was raised")


def reduce_of_none_with_initial():
    assert futures.mapReduce(double, operator.add, [], initial=7) == 7


def reduce_with_initial():
    assert futures.mapReduce(word, operator.add, range(3), initial=">") == ">0 1 2 "


def reduce_of_generator():
    assert futures.mapReduce(double, operator.add, (x for x in range(100))) == 9900


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print("ok")
