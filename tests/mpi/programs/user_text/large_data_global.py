"""Large datasets, better: a global that every worker makes for itself; only indices travel."""

from scoop_mpi import futures

data = [[i for i in range(x, x + 1000)] for x in range(0, 8001, 1000)]


def mySum(inIndex):
    """The worker will only receive an index from network."""
    return sum(data[inIndex])


if __name__ == "__main__":
    results = list(futures.map(mySum, range(len(data))))
    print(results)
