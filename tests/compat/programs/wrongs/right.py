"""What SCOOP gets right: without it, that the others fail there would mean nothing."""

import operator

from scoop import futures, shared


def double(x):
    return 2 * x


def factor_times(x):
    return shared.getConst("factor", timeout=5) * x


if __name__ == "__main__":
    shared.setConst(factor=3)
    assert list(futures.map(double, range(20))) == list(range(0, 40, 2))
    assert [futures.submit(factor_times, x).result() for x in range(5)] == [0, 3, 6, 9, 12]
    assert futures.mapReduce(double, operator.add, list(range(10))) == 90
    print("ok")
