"""Runs of call indices: which calls of a task are meant.

A `Spans` is a set of integers kept as disjoint half-open runs. Nearly always it is a single run
whose front is eaten by the rank that runs the calls and whose back is cut off for borrowers; calls
given back, or claimed out of order by a waiter, make a second and third.
"""

from __future__ import annotations

from collections.abc import Iterator


class Spans:
    """A set of call indices, as disjoint runs [start, stop)."""

    __slots__ = ("_runs", "count")

    def __init__(self, start: int, stop: int) -> None:
        self._runs: list[tuple[int, int]] = [(start, stop)] if start < stop else []
        self.count: int = stop - start if start < stop else 0

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._runs)

    def __contains__(self, index: int) -> bool:
        return any(start <= index < stop for start, stop in self._runs)

    def __repr__(self) -> str:
        return "Spans(" + ", ".join(f"{start}..{stop}" for start, stop in self._runs) + ")"

    def clear(self) -> None:
        """Remove all indices."""
        self._runs.clear()
        self.count = 0

    def take_front(self, most: int) -> tuple[int, int]:
        """Remove and return up to `most` indices from the front of the first run."""
        start, stop = self._runs[0]
        cut = min(stop, start + most)
        if cut == stop:
            del self._runs[0]
        else:
            self._runs[0] = (cut, stop)
        self.count -= cut - start
        return start, cut

    def take_back(self, most: int) -> tuple[int, int]:
        """Remove and return up to `most` indices from the back of the last run."""
        start, stop = self._runs[-1]
        cut = max(start, stop - most)
        if cut == start:
            del self._runs[-1]
        else:
            self._runs[-1] = (start, cut)
        self.count -= stop - cut
        return cut, stop

    def take_at(self, index: int, most: int) -> tuple[int, int] | None:
        """Remove and return up to `most` indices from `index` on; None if it is not here."""
        if self._runs and self._runs[0][0] == index:
            return self.take_front(most)
        for position, (start, stop) in enumerate(self._runs):
            if start <= index < stop:
                cut = min(stop, index + most)
                rest = [run for run in ((start, index), (cut, stop)) if run[0] < run[1]]
                self._runs[position : position + 1] = rest
                self.count -= cut - index
                return index, cut
        return None

    def add(self, start: int, stop: int) -> None:
        """Put back indices that are not here."""
        self.count += stop - start
        runs = self._runs
        position = len(runs)
        while position and runs[position - 1][0] > start:
            position -= 1
        if position and runs[position - 1][1] == start:
            position -= 1
            start = runs.pop(position)[0]
        if position < len(runs) and runs[position][0] == stop:
            stop = runs.pop(position)[1]
        runs.insert(position, (start, stop))

    def remove(self, start: int, stop: int) -> bool:
        """Remove indices; False, and nothing done, unless all of them are here in one run."""
        if self._runs == [(start, stop)]:
            self.clear()
            return True
        for first, last in self._runs:
            if first <= start and stop <= last:
                self.take_at(start, stop - start)
                return True
        return False

    def validate(self) -> None:
        """Assert that the runs are sorted, disjoint, merged and counted."""
        end = None
        for start, stop in self._runs:
            assert start < stop, self
            assert end is None or end < start, self
            end = stop
        assert self.count == sum(stop - start for start, stop in self._runs), self
