"""Work is shared: all ranks get some, a busy root stalls nobody, a long call holds up no others."""

import time

import scoop_mpi
from scoop_mpi import futures


def who(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return scoop_mpi.worker, time.monotonic()


def mostly_short(index):
    if index >= 3000:
        time.sleep(0.05)
    return scoop_mpi.worker


if __name__ == "__main__":
    size = scoop_mpi.SIZE
    assert len({worker for worker, _ in futures.map(who, [0.05] * (8 * size))}) == size

    calls = [futures.submit(who, 0.01) for _ in range(4)]
    mapped = futures.map(who, [0.01] * 4)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        pass
    if size > 1:
        assert all(call.result()[1] < end for call in calls), "they were not done meanwhile"
        assert all(ended < end for _, ended in mapped)
        assert all(call.result()[0] != scoop_mpi.worker for call in calls)

    long_ones = list(futures.map(mostly_short, range(3040)))[3000:]
    assert len(set(long_ones)) == size, "what was behind a long call was lent"
    print("ok")
