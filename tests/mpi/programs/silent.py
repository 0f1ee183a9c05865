"""A call that keeps the interpreter lock while its rank is asked for statistics."""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

import scoop_mpi
from scoop_mpi import futures


def keeps_the_lock(mark: str) -> str:
    """Say that it begins, and keep the lock for longer than anybody is waited for."""
    Path(mark).write_text(scoop_mpi.worker)
    ctypes.PyDLL(None).usleep(4_000_000)
    return scoop_mpi.worker


if __name__ == "__main__":
    mark = Path("mark").absolute()
    call = futures.submit(keeps_the_lock, str(mark))
    while not mark.exists() or not mark.read_text():
        call.running()
        time.sleep(0.01)
    assert mark.read_text() != scoop_mpi.worker
    ranks = scoop_mpi.statistics().ranks
    missing = [rank for rank, found in enumerate(ranks) if found is None]
    assert mark.read_text().endswith(f":{missing[0]}")
    print(f"{len(missing)} has no answer")
    call.result()
    print("ok")
