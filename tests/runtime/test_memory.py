"""Memory for large buffers: kept while it is used, given back when the rank is idle."""

from __future__ import annotations

import subprocess
import sys
import types

import numpy as np
import pytest

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.values import memory

COUNT = """
import ctypes, resource, sys
import numpy
from scoop_mpi._runtime.values import memory

def faults(task):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    task()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

def fill():
    memory.new(SIZE)[:] = source

SIZE = 40_000_000
source = bytes(SIZE)
fill()
again = sum(faults(fill) for _ in range(10))
kept = resident()
memory.trim()
print(again, kept - resident())
"""


def numbers(**environment: str) -> tuple[int, int]:
    """Return the page faults of ten more fillings, and how many bytes `trim` gave back."""
    result = subprocess.run(
        [sys.executable, "-c", COUNT],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(sys.path), **environment},
    )
    faults, given = map(int, result.stdout.split())
    return faults, given


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux is told")
def test_memory_is_kept_and_given_back() -> None:
    """The second buffer of a size costs no page faults; an idle rank keeps nothing."""
    faults, given = numbers()
    assert faults < 20
    assert given > 30_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux is told")
def test_the_c_library_can_be_left_as_it_is() -> None:
    """By SCOOP_MPI_KEEP_MEMORY=0."""
    faults, given = numbers(SCOOP_MPI_KEEP_MEMORY="0")
    assert faults > 100
    assert given < 1_000_000


@pytest.mark.parametrize("size", [0, 1, settings.OUT_OF_BAND, 3 * settings.OUT_OF_BAND])
def test_a_copy_is_writable_and_shares_nothing(size: int) -> None:
    """Whatever its size."""
    source = np.arange(size, dtype=np.uint8)
    mine = memory.copy(memoryview(source))
    assert mine == memoryview(source) and not mine.readonly
    if size:
        mine[0] = 99
        assert source[0] == 0


def test_numpy_may_be_half_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the main thread, while the ticker receives a large buffer."""
    monkeypatch.setitem(sys.modules, "numpy", types.ModuleType("numpy"))
    assert len(memory.new(settings.OUT_OF_BAND)) == settings.OUT_OF_BAND
