"""Grow a full tree of futures: every call submits two more and waits for them.

Tasks may submit tasks, to any depth and on any rank. The Fibonacci numbers are the classic (and
wasteful) case: one task for each call, so that the cost of a task is all there is to see.

Run:
    python -m scoop_mpi -n 4 examples/nested_tree.py [depth]

Output:
    fib(16) = 987, computed by a tree of 3,193 tasks
"""

import sys

from scoop_mpi import futures


def fib(n: int) -> tuple[int, int]:
    """Return the n-th Fibonacci number and how many calls it took to find it."""
    if n < 2:
        return n, 1
    left = futures.submit(fib, n - 1)
    right = futures.submit(fib, n - 2)
    left_value, left_calls = left.result()
    right_value, right_calls = right.result()
    return left_value + right_value, left_calls + right_calls + 1


def main() -> None:
    depth = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    value, calls = futures.submit(fib, depth).result()
    print(f"fib({depth}) = {value:,}, computed by a tree of {calls:,} tasks")


if __name__ == "__main__":
    main()
