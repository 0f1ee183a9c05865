"""Estimate pi by throwing darts at a square and counting those that land in the circle.

The simplest parallel map: the same function over many independent inputs. Each batch of darts is
seeded by its own number, so the answer does not depend on how many ranks threw them.

Run:
    python -m scoop_mpi -n 4 examples/pi_monte_carlo.py [batches] [darts per batch]

Output:
    2,000,000 darts: pi is about 3.14160 (off by 0.00001)
"""

import math
import random
import sys
from itertools import repeat

from scoop_mpi import futures


def darts_in_circle(batch: int, darts: int) -> int:
    """Throw `darts` at the unit square; count those within the quarter circle."""
    rng = random.Random(batch)
    return sum(math.hypot(rng.random(), rng.random()) < 1.0 for _ in range(darts))


def main() -> None:
    batches = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    darts = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    hits = sum(futures.map(darts_in_circle, range(batches), repeat(darts)))
    pi = 4 * hits / (batches * darts)
    print(f"{batches * darts:,} darts: pi is about {pi:.5f} (off by {abs(pi - math.pi):.5f})")


if __name__ == "__main__":
    main()
