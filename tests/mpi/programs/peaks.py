"""How much memory a large array costs, beyond itself: where it is sent from, and where it arrives."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import scoop_mpi
from scoop_mpi import futures

SIZE = 200_000_000
SPARE = 30_000_000
"""What small things may cost: an eighth of a copy and some more."""


def status(name: str) -> int:
    """Return a line of this process's memory, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return 1024 * int(line.split()[1])
    raise LookupError(name)


def forget_peak() -> int:
    """Let the peak be what is used now, and return that."""
    Path("/proc/self/clear_refs").write_text("5")
    return status("VmRSS")


def peak() -> int:
    """Return the peak since then."""
    return status("VmHWM")


def take(array: np.ndarray) -> int:
    """Read an array, and keep nothing."""
    return int(array[-1]) + array.nbytes


def give(size: int) -> np.ndarray:
    """Make an array."""
    return np.ones(size, "u1")


def extra(before: list[int]) -> list[int]:
    """Return by how much each rank's peak is above what it used before, in whole arrays."""
    found = [now - then for now, then in zip(futures.run_everywhere(peak), before, strict=True)]
    return [(grown + SIZE - SPARE) // SIZE for grown in found]


if __name__ == "__main__":
    futures.run_everywhere(give, 1)  # everything is imported, everywhere
    array = np.ones(SIZE, "u1")
    before = futures.run_everywhere(forget_peak)
    assert futures.submit(take, array).result(60) == SIZE + 1
    sending = extra(before)
    assert scoop_mpi.statistics()[0].out_of_band_sent_bytes == SIZE
    del array
    before = futures.run_everywhere(forget_peak)
    assert futures.submit(give, SIZE).result(60).flags.writeable
    getting = extra(before)
    assert scoop_mpi.statistics()[1].out_of_band_sent_bytes == SIZE
    # The receiver's own; a rank may still have the memory of the first array, and use it again.
    assert sending[0] == 0 and sending[1] <= 1, sending
    assert getting[0] <= 1 and getting[1] <= 1, getting
    print("ok")
