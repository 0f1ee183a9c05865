"""`--profile`: what each rank's Python functions took, as cProfile sees it, and the sums over all ranks."""

from __future__ import annotations

import atexit
import contextlib
import os
from typing import TYPE_CHECKING

from scoop_mpi._runtime.stderr import say

if TYPE_CHECKING:
    from scoop_mpi._runtime.loop import Loop

FOLDER = "profile"
SUMMARY = "summary.txt"
_TOP = 25


def start(loop: Loop) -> None:
    """Profile the main thread from now on; written to profile/rank-R.prof at the rank's end.

    On rank 0, what all ranks wrote is then summed up in profile/summary.txt.
    """
    import cProfile  # noqa: PLC0415  only if it was asked for

    os.makedirs(FOLDER, exist_ok=True)
    folder = os.path.abspath(FOLDER)
    path = _file(folder, loop.rank)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # of an earlier run: a rank that is lost now has none
    profile = cProfile.Profile()

    def end() -> None:
        profile.disable()
        profile.dump_stats(path)

    def sum_up() -> None:
        atexit.unregister(end)
        try:
            end()
            _write(folder, loop.ranks)
        except OSError as error:
            say(
                f"scoop_mpi: {folder} cannot be written: {error.strerror}. The run itself is not affected."
            )

    atexit.register(end)
    if loop.rank == 0:
        loop.at_end.append(sum_up)
    profile.enable()


def _file(folder: str, rank: int) -> str:
    return os.path.join(folder, f"rank-{rank}.prof")


def _write(folder: str, ranks: int) -> None:
    """Write the sums over the ranks whose files are here."""
    import pstats  # noqa: PLC0415  as above

    found = [rank for rank in range(ranks) if os.path.exists(_file(folder, rank))]
    missing = ", ".join(str(rank) for rank in range(ranks) if rank not in found)
    with open(os.path.join(folder, SUMMARY), "w", encoding="utf-8") as file:
        file.write(f"Sums over {len(found)} of {ranks} ranks")
        file.write(f" (no file of rank {missing})\n" if missing else "\n")
        stats = pstats.Stats(*(_file(folder, rank) for rank in found), stream=file)
        for key, title in (
            ("tottime", "By own time"),
            ("cumulative", "By time with what they call"),
        ):
            file.write(f"\n{title}\n")
            stats.sort_stats(key).print_stats(_TOP)
