"""Factor some large numbers; act on each answer as it comes.

Two ways to follow futures: add_done_callback calls a function of yours with the finished future, in
the program that submitted it; as_completed yields the futures in the order in which they finish.

Run:
    python -m scoop_mpi -n 4 examples/callbacks.py

Output (and, on stderr, each answer as it arrives):
    2^29 - 1 = 233 * 1103 * 2089
    2^31 - 1 = 2147483647
    2^37 - 1 = 223 * 616318177
    2^41 - 1 = 13367 * 164511353
    2^43 - 1 = 431 * 9719 * 2099863
    2^47 - 1 = 2351 * 4513 * 13264529
    2^53 - 1 = 6361 * 69431 * 20394401
    2^59 - 1 = 179951 * 3203431780337
"""

import math
import sys

from scoop_mpi import futures

EXPONENTS = [29, 31, 37, 41, 43, 47, 53, 59]


def factor(n: int) -> list[int]:
    """Return the prime factors of n, smallest first, by trial division."""
    factors = []
    divisor = 2
    while divisor <= math.isqrt(n):
        if n % divisor:
            divisor += 1
        else:
            factors.append(divisor)
            n //= divisor
    return [*factors, n]


def announce(future: futures.Future) -> None:
    """Print the answer on stderr, since answers arrive in any order."""
    print(f"found {future.result()}", file=sys.stderr)


def main() -> None:
    exponent_of = {}
    for exponent in EXPONENTS:
        future = futures.submit(factor, 2**exponent - 1)
        future.add_done_callback(announce)
        exponent_of[future] = exponent

    factors_of = {}
    for future in futures.as_completed(exponent_of):
        factors_of[exponent_of[future]] = future.result()
        print(f"{len(factors_of)} of {len(EXPONENTS)} done", file=sys.stderr)

    for exponent in EXPONENTS:
        print(f"2^{exponent} - 1 =", " * ".join(map(str, factors_of[exponent])))


if __name__ == "__main__":
    main()
