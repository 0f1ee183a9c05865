"""Buffers and objects of more than 2 GiB, which is more than a count of MPI holds, cross both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import PYTHONS, Command

from .conftest import PROGRAMS

NEEDED_KB = 11_000_000


def available_kb() -> int:
    """Return the memory that processes can have now."""
    words = Path("/proc/meminfo").read_text().split()
    return int(words[words.index("MemAvailable:") + 1])


@pytest.mark.timeout(1300)
def test_more_than_two_gib_there_and_back(command: Command, tmp_path: Path) -> None:
    """An array, and bytes in a list, as argument and as result; of 300 MB, too.

    One library after the other, for the memory.
    """
    if available_kb() < NEEDED_KB:
        pytest.skip(f"needs {NEEDED_KB / 1e6:.0f} GB of free memory")
    for python in PYTHONS.values():
        launch = (python, "-m", "scoop_mpi", "-n", "2")
        ended = command(*launch, PROGRAMS / "huge.py", cwd=tmp_path, timeout_s=600)
        assert ended == (0, "ok\n", ""), (python, ended)
