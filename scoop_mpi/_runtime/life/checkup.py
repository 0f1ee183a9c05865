"""What `--check` tells: where each rank is, what it has, and what looks like a mistake."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scoop_mpi._runtime.wire.transport import Mpi, host


class Found(NamedTuple):
    """What one rank says of itself."""

    rank: int
    host: str
    cores: int
    """Cores that it may run on."""

    threads: str
    """Threads that numpy's libraries will start; empty: as many as they like."""

    python: str
    mpi: str
    version: str
    """Of scoop_mpi."""

    multiple: bool
    """Whether any thread may call MPI."""


def look(transport: Mpi, version: str) -> Found:
    """Look at this rank."""
    return Found(
        rank=transport.rank,
        host=host(),
        cores=len(os.sched_getaffinity(0)),
        threads=os.environ.get("OMP_NUM_THREADS", ""),
        python=f"{sys.version.split()[0]} {sys.executable}",
        mpi=" ".join(transport.library.partition(",")[0].replace("Version:", "").split()),
        version=version,
        multiple=transport.threads,
    )


def report(ranks: Sequence[Found]) -> str:
    """Return a table of all ranks, and below it what should be mended."""
    rows = [("rank", "host", "cores", "threads", "MPI", "Python")]
    rows += [
        (str(r.rank), r.host, str(r.cores), r.threads or "any", r.mpi, r.python) for r in ranks
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    hosts = len({rank.host for rank in ranks})
    lines += ["", f"{len(ranks)} ranks on {hosts} host{'s' * (hosts > 1)}."]
    return "\n".join(lines + list(_remarks(ranks))) + "\n"


def _remarks(ranks: Sequence[Found]) -> Iterable[str]:
    """Yield what looks like a mistake, in words."""
    for what, seen in (
        ("Python", {r.python.split()[0].rpartition(".")[0] for r in ranks}),
        ("MPI", {r.mpi for r in ranks}),
        ("scoop_mpi", {r.version for r in ranks}),
    ):
        if len(seen) > 1:
            yield (
                f"Ranks have different versions of {what} ({', '.join(sorted(seen))}): install the "
                "same environment on every host, or share it by a network file system."
            )
    for name in dict.fromkeys(rank.host for rank in ranks):
        here = [rank for rank in ranks if rank.host == name]
        cores = max(rank.cores for rank in here)
        if cores == 1 and len(here) > 1:
            yield (
                f"{name}: every rank may run on one core only. If it is the same one, they stand in "
                "each other's way: let mpirun bind to none."
            )
        elif len(here) > cores:
            yield (
                f"{name}: {len(here)} ranks share {cores} cores. Good for trying things out; for "
                "speed, start no more ranks than cores."
            )
    if not all(rank.multiple for rank in ranks):
        yield (
            "This MPI gives no MPI_THREAD_MULTIPLE: ranks serve each other only between calls. "
            "Another build of it, or another MPI, does."
        )
