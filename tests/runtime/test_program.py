"""Which names of a program every rank has, and which exist on the root alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scoop_mpi._runtime.life.program import _note_importable
from scoop_mpi._runtime.values.codec import IMPORTABLE

PROGRAM = """
import os
from sys import path as where
try:
    import json
except ImportError:
    json = None
def outside():
    def local(): pass
class Class: pass
shared = lambda: 1
for item in (): pass
if __name__ == "__main__":
    def inside(): pass
    quick = lambda: 2
    number = 3
"""


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the process as it was."""
    before = dict(vars(IMPORTABLE))
    yield
    vars(IMPORTABLE).update(before)


def test_names_outside_the_guard_are_everywhere() -> None:
    """Functions, classes, imports and variables of the module itself."""
    _note_importable(PROGRAM)
    names = IMPORTABLE.names
    assert names is not None
    assert {"os", "where", "json", "outside", "Class", "shared", "item"} <= names
    assert not {"inside", "quick", "number", "local"} & names
    assert IMPORTABLE.guarded


def test_a_guard_without_definitions_misleads_nobody() -> None:
    """Then plain pickle is right, and quicker."""
    _note_importable("def f(): pass\nif '__main__' == __name__:\n    x = 1\n    print(x)\n")
    assert not IMPORTABLE.guarded
    assert IMPORTABLE.names == {"f"}
