"""Every rank sends an array to every other, and gets it back, all at the same time, several times."""

from __future__ import annotations

import numpy as np

import scoop_mpi
from scoop_mpi import futures

SIZE = 8_000_000
ROUNDS = 4


def double(array: np.ndarray) -> np.ndarray:
    """Return an array of the same size, made in the memory that has come."""
    array *= 2
    return array


def sender(number: int) -> int:
    """Send an array to all ranks from within a call; return how many have come back right."""
    right = 0
    for turn in range(ROUNDS):
        array = np.full(SIZE // 8, float(number + turn))
        for result in futures.run_everywhere(double, array):
            right += result[0] == result[-1] == 2 * (number + turn)
        assert array[0] == number + turn
    return int(right)


if __name__ == "__main__":
    n = scoop_mpi.SIZE
    calls = [futures.submit(sender, 1000 * number) for number in range(n)]
    assert [call.result() for call in calls] == [ROUNDS * n] * n
    ranks = scoop_mpi.statistics().known
    assert sum(rank.out_of_band_sent_bytes for rank in ranks) == 2 * SIZE * ROUNDS * n * (n - 1)
    # Of every sender at once: an array, and what comes back; here, theirs, and what goes back.
    assert all(rank.peak_rss_bytes < 4 * n * SIZE + 200_000_000 for rank in ranks), str(ranks)
    print("ok")
