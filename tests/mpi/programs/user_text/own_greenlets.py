"""Greenlets of the program's own: SCOOP could not have them beside its own; scoop_mpi can."""

import greenlet

from scoop_mpi import futures


def square(x):
    return x * x


def sum_of_squares(n):
    """Wait for a nested map in a greenlet of the task's own."""
    return greenlet.greenlet(lambda: sum(futures.map(square, range(n)))).switch()


if __name__ == "__main__":
    main = greenlet.getcurrent()

    def squares(n):
        for x in range(n):
            main.switch(futures.submit(square, x).result())

    child = greenlet.greenlet(squares)
    print([child.switch(3)] + [child.switch() for _ in range(2)])
    print(list(futures.map(sum_of_squares, range(6))))
