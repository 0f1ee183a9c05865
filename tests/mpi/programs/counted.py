"""What is sent, as `scoop_mpi.statistics()` counts it: callables once for each rank, and no more."""

from __future__ import annotations

import functools
import sys
import time

import numpy as np

import scoop_mpi
from scoop_mpi import futures

SIZE = 10_000_000
CALLS = 300


def look(data: np.ndarray, x: int) -> float:
    """Read the data; long enough that others help."""
    time.sleep(0.001)
    return float(data[0]) + x


class Model:
    """Has large data, and a method."""

    def __init__(self) -> None:
        self.data = np.ones(SIZE, "u1")

    def predict(self, x: int) -> float:
        """Read the data."""
        return look(self.data, x)


def sent() -> tuple[int, int, int]:
    """Return how many callables all ranks sent, their bytes, and the bytes of all large buffers."""
    known = scoop_mpi.statistics().known
    assert len(known) == scoop_mpi.SIZE
    return (
        sum(rank.callables_sent for rank in known),
        sum(rank.callable_sent_bytes for rank in known),
        sum(rank.out_of_band_sent_bytes for rank in known),
    )


def callables() -> None:
    """Data in a callable goes once to each rank; changed data goes again, and is never stale."""
    others = scoop_mpi.SIZE - 1
    model = Model()
    data = np.ones(SIZE, "u1")
    for times, make in enumerate((lambda: functools.partial(look, data), lambda: model.predict)):
        for value in (1, 1, 2):
            model.data[0] = data[0] = value
            before = sent()
            found = list(futures.map(make(), range(CALLS)))
            assert found == [value + x for x in range(CALLS)], (times, value)
            after = sent()
            new = [now - then for now, then in zip(after, before, strict=True)]
            assert new[0] <= others, new
            assert new[1] <= others * (SIZE + 1000), new
            assert new[2] <= others * SIZE, new
            data[0] = model.data[0] = 1
    if others:
        assert sent()[0] >= 2, "others have helped"


def figures() -> None:
    """The numbers fit each other and what the program did."""
    statistics = scoop_mpi.statistics()
    ranks = statistics.known
    assert [rank.rank for rank in ranks] == list(range(scoop_mpi.SIZE))
    assert sum(rank.calls for rank in ranks) == 6 * CALLS
    assert ranks[0].tasks == 6
    assert sum(rank.tasks for rank in ranks) == 6
    lent = sum(rank.lent for rank in ranks)
    assert lent - sum(rank.given_back for rank in ranks) == sum(rank.calls for rank in ranks[1:])
    assert lent == sum(rank.borrowed for rank in ranks)
    for rank in ranks:
        assert rank.lost == rank.late == rank.dropped == 0
        assert 0 < rank.busy_s < rank.wall_s
        assert 0 <= rank.waiting_s < rank.wall_s - rank.busy_s + 0.01
        assert rank.peak_rss_bytes > SIZE
        assert rank.longest_s >= 0.001 and rank.longest_of.endswith(("look", "predict"))
    sent_lends = sum(rank.sent.get("Lend", (0, 0))[0] for rank in ranks)
    got_lends = sum(rank.received.get("Lend", (0, 0))[0] for rank in ranks)
    assert sent_lends == got_lends
    if len(ranks) > 1:
        assert ranks[0].copied_bytes >= 6 * SIZE, "its own copy for each map"
        assert ranks[0].sent_bytes > ranks[0].out_of_band_sent_bytes > 0
    assert str(statistics).count("\n") >= len(ranks)
    assert f"{6 * CALLS:,} calls on {len(ranks)} rank" in statistics.summary


def repeated() -> None:
    """Send the same large argument again and again."""
    data = np.zeros(SIZE, "u1")
    for part in range(40):
        calls = [futures.submit(look, data, x) for x in range(2)]
        assert [call.result(30) for call in calls] == [0, 1], part


def different() -> None:
    """Send large arguments that differ in a single byte."""
    data = np.zeros(SIZE, "u1")
    for part in range(1, 40):
        data[SIZE // 2 + 12345] = part
        calls = [futures.submit(look, data, x) for x in range(2)]
        assert [call.result(30) for call in calls] == [0, 1], part


if __name__ == "__main__":
    if len(sys.argv) > 1:
        {"repeated": repeated, "different": different}[sys.argv[1]]()
    else:
        callables()
        figures()
    print("ok")
