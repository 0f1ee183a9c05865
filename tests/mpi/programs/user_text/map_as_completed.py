"""map_as_completed is used exactly in the same way as map; only the order differs."""

from scoop_mpi import futures


def square(x):
    return x * x


if __name__ == "__main__":
    print(sorted(futures.map_as_completed(square, range(10))))
