"""Random numbers that do not depend on where and in which order calls run.

    def throw(n):
        points = random.generator().random((n, 2))       # this call's own numpy Generator
        return int(((points**2).sum(axis=1) <= 1.0).sum())

    random.seed(42)                         # once, in the program
    hits = sum(futures.map(throw, [1_000_000] * 64))

With the same seed the results are the same on any number of ranks, serially too, and when a call is
run again after the loss of its rank. Calls that a call makes derive their streams from its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoop_mpi._runtime import seeds
from scoop_mpi._runtime.here import current
from scoop_mpi.errors import NotSeeded

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["generator", "seed"]


def seed(seed: int) -> None:
    """Seed the program: from here on every call that it makes has a generator of its own.

    Which one depends on this seed, on how many maps and submits were made since, and on the index of
    the call, and on nothing else. To seed one map alone: `futures.with_options(seed=...)`.

    Raises:
        ValueError: It is no whole number, 0 or more.
    """
    current("random.seed")
    seeds.seed_program(seeds.checked(seed))


def generator() -> Generator:
    """Return the random generator of the call that runs: the same one until the call has ended.

    Raises:
        NotSeeded: Neither the program nor this call was given a seed.
    """
    stream = seeds.stream_here()
    if stream is None:
        raise NotSeeded(
            f"there is no seed for this call ({current('random.generator').where}): begin the program "
            "with scoop_mpi.random.seed(42), or map by futures.with_options(seed=42).map"
        )
    return stream.generator
