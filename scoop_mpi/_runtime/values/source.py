"""What a stream reads: the items of its iterables, taken some at a time as they are needed.

What the iterables raise, and what cannot be pickled of their items, ends them, and is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.values.columns import Column, encode_columns, is_sliceable


class Source:
    """The items of the iterables of a map, taken as they are needed.

    Attributes:
        ended: Whether there are no more, or an error came.
        error: What the iterables raised, or why an item cannot be pickled.
        item_s: What it took to draw and encode one item of the latest run.
    """

    def __init__(self, iterables: Sequence[Iterable[Any]]) -> None:
        self.ended = not iterables
        self.error: BaseException | None = None
        self.item_s = 0.0
        self._sequences: list[Any] | None = None
        self._rows: Iterator[Any] = iter(())
        self._position = 0
        if all(map(is_sliceable, iterables)):
            self._sequences = list(iterables)
        elif len(iterables) == 1:
            self._rows = iter(iterables[0])
        else:
            self._rows = zip(*iterables, strict=False)
        self._alone = len(iterables) == 1

    def take(self, most: int) -> tuple[list[Column], int]:
        """Return up to so many items as columns, and how many they are.

        Fewer if the iterables are slow; none if they have ended.
        """
        started = now()
        columns, calls = self._slice(most) if self._sequences is not None else self._draw(most)
        self.item_s = (now() - started) / max(calls, 1)
        return columns, calls

    def _slice(self, most: int) -> tuple[list[Column], int]:
        assert self._sequences is not None
        start = self._position
        parts = [items[start : start + most] for items in self._sequences]
        columns, calls = self._encode(parts)
        self._position += calls
        if calls < most:
            self.end()
        return columns, calls

    def _draw(self, most: int) -> tuple[list[Column], int]:
        rows: list[Any] = []
        until = now() + settings.DRAW_S
        try:
            while len(rows) < most:
                # The clock is looked at ever less often while items come fast: an item that is late
                # holds up at most an eighth of those that came in time.
                wanted = min(1 + len(rows) // 8, most - len(rows))
                before = len(rows)
                # `extend` appends as it goes: when the iterator raises, the items before are there.
                rows.extend(islice(self._rows, wanted))
                if len(rows) - before < wanted:
                    self.end()
                    break
                if now() > until:
                    break
        except Exception as error:  # it is the caller's: raised in its turn
            self.end(error)
        if not rows:
            return [], 0
        return self._encode([rows] if self._alone else [list(c) for c in zip(*rows, strict=True)])

    def _encode(self, parts: list[Any]) -> tuple[list[Column], int]:
        try:
            return encode_columns(parts)
        except Exception as error:
            columns, calls = self._encode_until_it_fails(parts)
            self.end(error)
            return columns, calls

    def _encode_until_it_fails(self, parts: list[Any]) -> tuple[list[Column], int]:
        """Encode the items before the first that cannot be pickled."""
        good = 0
        for good in range(min(map(len, parts))):
            try:
                encode_columns([part[good : good + 1] for part in parts])
            except Exception:  # `_encode` has it
                break
        return encode_columns([part[:good] for part in parts])

    def end(self, error: BaseException | None = None) -> None:
        """Read no further, and let go of the iterables."""
        self.ended = True
        self.error = self.error or error
        self._sequences = None
        self._rows = iter(())
