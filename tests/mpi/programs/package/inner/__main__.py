"""A package that is run by `-m`, with relative imports."""

import sys

import scoop_mpi
from scoop_mpi import futures

from .. import helper
from ..helper import Base


class Derived(Base):
    pass


def place(x):
    return helper.plus(x), __package__, __spec__.name


def is_derived(x):
    return type(x) is Derived and isinstance(x, Base)


if __name__ == "__main__":
    assert set(futures.map(place, [1] * 200)) == {(101, "package.inner", "package.inner.__main__")}
    assert all(futures.map(is_derived, [Derived(1)] * 200))
    assert all(type(x) is Derived for x in futures.map(Derived, range(200)))
    assert sys.argv[1:] == ["a", "-b"] and sys.argv[0].endswith("__main__.py")
    assert scoop_mpi.MAIN_MODULE == "package.inner"
    print("ok")
