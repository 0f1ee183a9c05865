"""submit returns a Future: results may be retrieved out of order."""

from scoop_mpi import futures


def power(base, exponent=1):
    return base**exponent


if __name__ == "__main__":
    launched = [futures.submit(power, 2, exponent=n) for n in range(10)]
    print([future.result() for future in reversed(launched)])
    print(all(future.done() for future in launched))
