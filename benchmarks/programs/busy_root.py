"""How many of 20 calls of 50 ms other ranks have done after 2 s of pure Python in the root."""

import time

from scoop_mpi import futures


def work(_):
    """Compute for 50 ms; return when this was done, on the clock that all ranks share."""
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        pass
    return time.monotonic()


if __name__ == "__main__":
    calls = [futures.submit(work, index) for index in range(20)]
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        pass
    print(sum(call.result() <= end for call in calls))
