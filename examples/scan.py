"""Count the primes up to each multiple of 10,000, with a parallel scan.

mapScan(map function, reduction, items) is mapReduce that keeps every running result, as
itertools.accumulate does: here the primes of each block are counted in parallel, and the scan turns
the counts into "primes up to here".

Run:
    python -m scoop_mpi -n 4 examples/scan.py

Output:
    primes up to  10,000:  1,229
    primes up to  20,000:  2,262
    primes up to  30,000:  3,245
    primes up to  40,000:  4,203
    primes up to  50,000:  5,133
    primes up to  60,000:  6,057
    primes up to  70,000:  6,935
    primes up to  80,000:  7,837
    primes up to  90,000:  8,713
    primes up to 100,000:  9,592
"""

import math
import operator

from scoop_mpi import futures

BLOCK = 10_000


def is_prime(n: int) -> bool:
    return n > 1 and all(n % divisor for divisor in range(2, math.isqrt(n) + 1))


def primes_in_block(first: int) -> int:
    """Count the primes in first + 1 ... first + BLOCK."""
    return sum(map(is_prime, range(first + 1, first + BLOCK + 1)))


def main() -> None:
    blocks = range(0, 100_000, BLOCK)
    running = futures.mapScan(primes_in_block, operator.add, blocks)
    for first, primes in zip(blocks, running):
        print(f"primes up to {first + BLOCK:7,}: {primes:6,}")


if __name__ == "__main__":
    main()
