"""Look for a short round trip through the capitals of Europe, over a table that all ranks share.

shared.setConst gives every rank a value that only exists once the program runs, such as the table
of distances computed here; it reaches each rank once and does not travel with every task.

Run:
    python -m scoop_mpi -n 4 examples/shared_constants.py [tries]

Output:
    best of 40 tries: 11,940 km
    Amsterdam - Brussels - Paris - London - Dublin - Lisbon - Madrid - Bern - Rome - Athens -
    Sofia - Bucharest - Budapest - Vienna - Prague - Berlin - Warsaw - Vilnius - Riga -
    Tallinn - Helsinki - Stockholm - Oslo - Copenhagen
"""

import math
import random
import sys
import textwrap

from scoop_mpi import futures, shared

# Degrees north and east.
CAPITALS = {
    "Amsterdam": (52.37, 4.90), "Athens": (37.98, 23.73), "Berlin": (52.52, 13.40),
    "Bern": (46.95, 7.45), "Brussels": (50.85, 4.35), "Bucharest": (44.43, 26.10),
    "Budapest": (47.50, 19.04), "Copenhagen": (55.68, 12.57), "Dublin": (53.35, -6.26),
    "Helsinki": (60.17, 24.94), "Lisbon": (38.72, -9.14), "London": (51.51, -0.13),
    "Madrid": (40.42, -3.70), "Oslo": (59.91, 10.75), "Paris": (48.86, 2.35),
    "Prague": (50.08, 14.44), "Riga": (56.95, 24.11), "Rome": (41.90, 12.50),
    "Sofia": (42.70, 23.32), "Stockholm": (59.33, 18.07), "Tallinn": (59.44, 24.75),
    "Vienna": (48.21, 16.37), "Vilnius": (54.69, 25.28), "Warsaw": (52.23, 21.01),
}  # fmt: skip


def distance_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Return the distance along the Earth's surface (haversine formula)."""
    north, east, north2, east2 = map(math.radians, (*here, *there))
    chord = math.hypot(
        math.sin((north2 - north) / 2),
        math.sqrt(math.cos(north) * math.cos(north2)) * math.sin((east2 - east) / 2),
    )
    return 2 * 6371 * math.asin(chord)


def length_km(tour: list[int], table: list[list[float]]) -> float:
    return sum(table[tour[i - 1]][tour[i]] for i in range(len(tour)))


def improve(seed: int) -> tuple[float, list[int]]:
    """Start from a random tour and turn parts of it around for as long as that shortens it."""
    table = shared.getConst("distances")
    tour = list(range(len(table)))
    random.Random(seed).shuffle(tour)
    best = length_km(tour, table)
    improved = True
    while improved:
        improved = False
        for first in range(len(tour) - 1):
            for last in range(first + 2, len(tour) + 1):
                other = tour[:first] + tour[first:last][::-1] + tour[last:]
                if length_km(other, table) < best - 1e-6:
                    tour, best, improved = other, length_km(other, table), True
    return best, tour


def main() -> None:
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    places = list(CAPITALS.values())
    shared.setConst(distances=[[distance_km(here, there) for there in places] for here in places])

    best, tour = min(futures.map(improve, range(tries)))
    # A round trip may be told from any capital and in either direction: tell it in one way.
    start = tour.index(0)
    tour = tour[start:] + tour[:start]
    if tour[1] > tour[-1]:
        tour[1:] = reversed(tour[1:])
    print(f"best of {tries} tries: {best:,.0f} km")
    print(textwrap.fill(" - ".join(list(CAPITALS)[place] for place in tour), width=90))


if __name__ == "__main__":
    main()
