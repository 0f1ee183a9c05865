"""Constants: set once from anywhere, there for every call that was submitted after."""

import scoop_mpi
from scoop_mpi import futures, shared


class Thing:
    pass


def read(name):
    return shared.getConst(name, timeout=0)


def same(_):
    return shared.getConst("table") is shared.getConst("table")


def apply(x):
    return shared.getConst("function")(x) + shared.getConst("table")[x]


def set_here(name):
    shared.setConst(**{name: scoop_mpi.worker})
    return scoop_mpi.worker


if __name__ == "__main__":
    offset = 7
    shared.setConst(table=[1, 2, 3], function=lambda x: x + offset, cls=Thing, nothing=None)
    assert list(futures.map(apply, [0, 1, 2] * 30)) == [8, 10, 12] * 30
    assert all(futures.map(same, range(50)))
    assert shared.getConst("cls") is not None and shared.getConst("nothing") is None
    for index in range(30):
        shared.setConst(**{f"number{index}": index})
        assert futures.submit(read, f"number{index}").result(timeout=30) == index
    worker = futures.submit(set_here, "mine").result(timeout=30)
    assert shared.getConst("mine", timeout=0) == worker
    assert shared.getConst("unknown", timeout=0) is None
    assert shared.getConst("unknown", timeout=1e-9) is None
    assert shared.getConst("table", timeout=float("inf")) == [1, 2, 3]
    try:
        shared.setConst(fresh=1, table=2)
    except TypeError as error:
        assert "already exists: table" in str(error)
    else:
        raise AssertionError("table was set twice")
    assert shared.getConst("fresh", timeout=0) is None, "all are set, or none"
    print("ok")
