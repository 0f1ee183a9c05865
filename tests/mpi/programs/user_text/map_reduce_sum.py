"""The reduction API: a parallel sum of absolute values."""

import operator
import random

from scoop_mpi import futures

data = [random.randint(-1000, 1000) for r in range(1000)]

if __name__ == "__main__":
    # Python's standard serial function
    serialSum = sum(map(abs, data))

    # SCOOP's parallel function
    parallelSum = futures.mapReduce(abs, operator.add, data)

    assert serialSum == parallelSum
    print("equal")
