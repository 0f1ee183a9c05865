"""Running a block of calls, at the speed of C where the calls are short.

The calls of a block share one loop in C, `list.extend` over a `map`. Yet a block can be cut while
it runs, when one of its calls turns out long: the runner and the ticker share two lists and no
lock for each call.

    runner    takes the next item of `feed` (the list iterator looks at its length at each step),
              runs the call, appends the result to `values`
    cutter    writes the end: shortens `feed` behind the call that runs now, then reads how far the
              runner is, and backs off if the runner was already past the new end

This is the THE protocol of Cilk. To take item k, the runner must have appended k results; so if
after the cut at k there are fewer, item k was not taken and never will be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from scoop_mpi._kernel.task import Block


class Running:
    """A block of several calls while it runs.

    Attributes:
        block: What the kernel knows of it.
        started: When, on the runtime's clock.
        values: One result for each call that has ended; meaningless where it raised.
        failures: Index in the block -> what that call raised.
    """

    __slots__ = ("_feed", "_rows", "block", "failures", "started", "values")

    def __init__(self, block: Block, rows: Iterator[Any], feed: list[Any], started: float) -> None:
        self.block = block
        self.started = started
        self.values: list[Any] = []
        self.failures: dict[int, BaseException] = {}
        self._rows = rows
        self._feed = feed

    def run(self, function: Callable[..., Any]) -> None:
        """Make the calls, until the feed is at its end."""
        values = self.values
        while len(values) < len(self._feed):
            try:
                # `extend` appends as it goes: when a call raises, the values before it are there.
                values.extend(self._rows)
            except BaseException as error:  # a call may raise anything; its owner gets just that
                self.failures[len(values)] = error
                values.append(None)
            else:
                if len(values) < len(self._feed):
                    # The iterator ended early: a call raised StopIteration, which means that to it.
                    self.failures[len(values)] = StopIteration(f"raised by {function!r}")
                    values.append(None)

    def cut(self) -> int | None:
        """Shorten the block to the calls that have begun, from another thread.

        Returns:
            How many calls stay with the runner; None if there is nothing to cut, or if the runner
            went past the cut: then it ends there by itself, and `values` says where.
        """
        keep = len(self.values) + 1
        if keep >= len(self._feed):
            return None
        del self._feed[keep:]
        return keep if len(self.values) < keep else None
