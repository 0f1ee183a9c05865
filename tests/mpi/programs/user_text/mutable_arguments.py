"""Modifying a mutable argument modifies a copy: neither the caller nor another call sees it."""

from scoop_mpi import futures


def append(bag, item):
    bag.append(item)
    return bag


if __name__ == "__main__":
    bag = []
    print(list(futures.map(append, [bag] * 4, range(4))))
    print(futures.submit(append, bag, 4).result())
    print(bag)
