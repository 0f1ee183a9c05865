"""Any reduction function will do, and its operands keep their order: (((("a")+"b")+"c")+"d") is "abcd"."""

from scoop_mpi import futures

if __name__ == "__main__":
    print(futures.mapReduce(str, lambda x, y: x + y, ["a", "b", "c", "d"]))
