"""Large datasets, first form: each call receives its data from the network."""

from scoop_mpi import futures


def mySum(inData):
    """The worker will receive all its data from network."""
    return sum(inData)


if __name__ == "__main__":
    data = [[i for i in range(x, x + 1000)] for x in range(0, 8001, 1000)]
    results = list(futures.map(mySum, data))
    print(results)
