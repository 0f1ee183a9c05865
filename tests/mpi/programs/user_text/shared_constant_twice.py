"""A constant can only be defined once on the entire pool of workers."""

from scoop_mpi import shared

if __name__ == "__main__":
    shared.setConst(myValue=5)
    try:
        shared.setConst(myValue=6)
    except TypeError as error:
        print("TypeError:", error)
    print(shared.getConst("myValue"))
