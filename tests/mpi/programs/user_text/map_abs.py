"""The mapping API: a parallel map gives what the standard one gives."""

import random

from scoop_mpi import futures

data = [random.randint(-1000, 1000) for r in range(1000)]

if __name__ == "__main__":
    # Python's standard serial function
    dataSerial = list(map(abs, data))

    # SCOOP's parallel function
    dataParallel = list(futures.map(abs, data))

    assert dataSerial == dataParallel
    print("equal")
