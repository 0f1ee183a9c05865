"""Running a block of calls, at the speed of C where the calls are short."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def run_calls(
    function: Callable[..., Any], rows: Iterator[Any], count: int
) -> tuple[list[Any], dict[int, BaseException]]:
    """Take `count` results from `rows`, an iterator that makes a call at each step.

    Returns:
        The values, one for each call (None where it raised), and index -> what it raised.
    """
    values: list[Any] = []
    failures: dict[int, BaseException] = {}
    while len(values) < count:
        try:
            # `extend` appends as it goes: when a call raises, the values before it are there.
            values.extend(rows)
        except BaseException as error:  # a call may raise anything; its owner gets just that
            failures[len(values)] = error
            values.append(None)
        else:
            if len(values) < count:
                # The iterator ended early: a call raised StopIteration, which means that to it.
                failures[len(values)] = StopIteration(f"raised by {function!r}")
                values.append(None)
    return values, failures


def run_one(
    function: Callable[..., Any], arguments: Callable[[], tuple[Any, dict[str, Any]]]
) -> tuple[list[Any], dict[int, BaseException]]:
    """Make a single call; decoding its arguments is part of it."""
    try:
        args, kwargs = arguments()
        return [function(*args, **kwargs)], {}
    except BaseException as error:  # as above
        return [None], {0: error}
