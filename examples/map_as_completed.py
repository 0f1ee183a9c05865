"""Count the ways to place N queens on a board, taking each partial count as soon as it is there.

map_as_completed yields results in the order in which they arrive, which differs from run to run:
use it where order does not matter, as in a sum, and let each result say what it belongs to.

Run:
    python -m scoop_mpi -n 4 examples/map_as_completed.py [board size]

Output (and, on stderr, each first column's count as it arrives):
    352 ways to place 9 queens on a board of 9 x 9
"""

import sys
from itertools import repeat

from scoop_mpi import futures


def completions(size: int, columns: tuple[int, ...]) -> int:
    """Count the ways to fill the rows after the queens that stand in `columns`."""
    row = len(columns)
    if row == size:
        return 1
    return sum(
        completions(size, (*columns, column))
        for column in range(size)
        if all(
            column != other and abs(column - other) != row - other_row
            for other_row, other in enumerate(columns)
        )
    )


def count_from(column: int, size: int) -> tuple[int, int]:
    """Return the column of the first queen and the number of solutions that start with it."""
    return column, completions(size, (column,))


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    total = 0
    for column, ways in futures.map_as_completed(count_from, range(size), repeat(size)):
        total += ways
        print(f"first queen in column {column}: {ways} ways, {total} so far", file=sys.stderr)
    print(f"{total} ways to place {size} queens on a board of {size} x {size}")


if __name__ == "__main__":
    main()
