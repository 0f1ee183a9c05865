"""Prints the traceback of a call that failed on another rank."""

import sys
import traceback

from scoop_mpi import futures


def outer(x):
    return inner(x)


def inner(x):
    raise LookupError(f"no {x}")


if __name__ == "__main__":
    text = ""
    while "### Rank" not in text:  # until the others have started, calls run here
        error = futures.submit(outer, 7).exception(timeout=30)
        text = "".join(traceback.format_exception(error))
    sys.stdout.write(text)
