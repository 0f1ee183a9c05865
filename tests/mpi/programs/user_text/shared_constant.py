"""The object sharing API: a constant that every worker knows."""

from scoop_mpi import futures, shared


def myParallelFunc(inValue):
    myValue = shared.getConst("myValue")
    return inValue + myValue


if __name__ == "__main__":
    shared.setConst(myValue=5)
    print(list(futures.map(myParallelFunc, range(10))))
