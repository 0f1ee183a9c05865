"""SCOOP could not map these two functions; scoop_mpi can."""

from scoop_mpi import futures


class myClass(object):
    def myFunction(x):
        return x


if __name__ == "__main__":

    def mySecondFunction(x):
        return x

    call1 = futures.map(myClass.myFunction, [1, 2, 3, 4, 5])
    call2 = futures.map(mySecondFunction, [1, 2, 3, 4, 5])
    print(list(call1), list(call2))
