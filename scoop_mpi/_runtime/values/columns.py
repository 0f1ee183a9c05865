"""The arguments of a map: one column for each iterable, encoded at the call, cut for borrowers."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, cycle, islice, repeat
from operator import length_hint
from typing import Any, Protocol

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.stderr import warn
from scoop_mpi._runtime.values import identity
from scoop_mpi._runtime.values.codec import Pickled, all_plain, dumps, frozen_atoms, loads_once, raw


class Column(Protocol):
    """One argument of every call of a map."""

    def cut(self, start: int, stop: int) -> tuple[str, Any]:
        """Return what travels for these calls: a kind and plain data."""

    @property
    def call_bytes(self) -> int:
        """About how many bytes the largest argument has, by some of them."""

    def item(self, index: int) -> Any:
        """Return the argument of one call; decoding it may raise."""

    def identities(self) -> Iterator[bytes]:
        """Return, for each call, bytes that tell its argument from others."""

    def feed(self, start: int, stop: int) -> tuple[list[Any], Iterable[Any]]:
        """Return a list of what is stored for these calls, and what decodes it as it is iterated."""

    def items(self, start: int, stop: int) -> Iterable[Any]:
        """Return the arguments of these calls, decoded as they are iterated."""


class PlainColumn:
    """Plain values or a range: kept as they are."""

    KIND = "plain"
    __slots__ = ("_values",)

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values

    @property
    def call_bytes(self) -> int:
        return _largest(self._values)

    def cut(self, start: int, stop: int) -> tuple[str, Any]:
        return self.KIND, self._values[start:stop]

    def item(self, index: int) -> Any:
        return self._values[index]

    def identities(self) -> Iterator[bytes]:
        return map(identity.of_value, self._values)

    def feed(self, start: int, stop: int) -> tuple[list[Any], Iterable[Any]]:
        feed = list(self._values[start:stop])
        return feed, feed

    def items(self, start: int, stop: int) -> Iterable[Any]:
        return self._values[start:stop]


class ScalarColumn(PlainColumn):
    """Plain values and scalars of numpy: kept as they are, encoded together when they travel."""

    KIND = "scalars"
    __slots__ = ()

    def cut(self, start: int, stop: int) -> tuple[str, Any]:
        return self.KIND, dumps(self._values[start:stop])


class PickledColumn:
    """Values that could change: each encoded by itself at the call."""

    KIND = "pickled"
    __slots__ = ("_values",)

    def __init__(self, values: Sequence[Pickled]) -> None:
        self._values = values

    @property
    def call_bytes(self) -> int:
        return _largest(self._values)

    def cut(self, start: int, stop: int) -> tuple[str, Any]:
        return self.KIND, self._values[start:stop]

    def item(self, index: int) -> Any:
        return loads_once(self._values[index])

    def identities(self) -> Iterator[bytes]:
        return (identity.of_bytes(value.data, *map(raw, value.buffers)) for value in self._values)

    def feed(self, start: int, stop: int) -> tuple[list[Any], Iterable[Any]]:
        feed = list(self._values[start:stop])
        return feed, map(loads_once, feed)

    def items(self, start: int, stop: int) -> Iterable[Any]:
        return map(loads_once, self._values[start:stop])


class ArrayColumn:
    """A numpy array of numbers, mapped over its first axis: travels as a slice."""

    KIND = "array"
    __slots__ = ("_array",)

    def __init__(self, array: Any) -> None:
        self._array = array

    @property
    def call_bytes(self) -> int:
        return int(self._array.nbytes) // max(1, len(self._array))

    def cut(self, start: int, stop: int) -> tuple[str, Any]:
        return self.KIND, dumps(self._array[start:stop])

    def item(self, index: int) -> Any:
        return self._array[index : index + 1].copy()[0]

    def identities(self) -> Iterator[bytes]:
        kind = f"{self._array.dtype.str} {self._array.shape[1:]}".encode()
        return (identity.of_bytes(kind, row.tobytes()) for row in self._array)

    def feed(self, start: int, stop: int) -> tuple[list[Any], Iterable[Any]]:
        # A copy, so that a call that writes into its row changes nothing for anyone else.
        feed = list(self.items(start, stop))
        return feed, feed

    def items(self, start: int, stop: int) -> Iterable[Any]:
        items: Iterable[Any] = self._array[start:stop].copy()
        return items


_LOOKED_AT = 16
"""So many values of a column are looked at for their size."""


def _largest(values: Sequence[Any]) -> int:
    """Return the size of the largest of some values."""
    if isinstance(values, range):
        return 0
    return max(map(size_of, values[:: 1 + len(values) // _LOOKED_AT]), default=0)


def size_of(value: Any) -> int:
    """Return about how many bytes a value has that can travel; 0 for what is small anyway."""
    kind = type(value)
    if kind is Pickled:
        return int(value.size)
    if kind is bytes or kind is str:
        return len(value)
    return sum(map(size_of, value)) if kind in (tuple, type({}.values())) else 0


def received_column(kind: str, data: Any) -> Column:
    """Return a column from what `cut` gave."""
    if kind == PlainColumn.KIND:
        return PlainColumn(data)
    if kind == PickledColumn.KIND:
        return PickledColumn(data)
    if kind == ScalarColumn.KIND:
        return PlainColumn(loads_once(data))
    return ArrayColumn(loads_once(data))


def encode_columns(iterables: Sequence[Iterable[Any]]) -> tuple[list[Column], int]:
    """Take the items of iterables, as many as the shortest has, and encode them.

    Returns:
        One column for each iterable, and the number of calls.

    Raises:
        PickleError: An item cannot be pickled; the message shows it.
        ValueError: None of the iterables has an end.
    """
    if not iterables:
        return [], 0
    if len(iterables) == 1 and type(iterables[0]) is list:  # the usual case, in short
        items = iterables[0].copy()
        return [_column(items)], len(items)
    values = take_all(iterables)
    calls = min(map(len, values))
    return [_column(items) for items in values], calls


def take_all(iterables: Sequence[Iterable[Any]]) -> list[Any]:
    """Take the items of iterables, as many as the shortest has: lists, ranges and arrays.

    Raises:
        ValueError: None of the iterables has an end.
    """
    if iterables and all(map(_is_endless, iterables)):
        raise ValueError(
            f"{iterables[0]!r} has no end, and all items are taken at the call: give "
            "map(..., buffersize=1000), which takes them as results are taken, or a finite iterable "
            "beside it"
        )
    if len(iterables) == 1 or all(isinstance(items, _SIZED) for items in iterables):
        values = [_take(items) for items in iterables]
        calls = min(map(len, values), default=0)
        return [items if len(items) == calls else items[:calls] for items in values]
    rows = _drawn(zip(*iterables, strict=False))
    return [list(values) for values in zip(*rows, strict=True)] or [[] for _ in iterables]


_SIZED = (list, tuple, range)


def _take(items: Iterable[Any]) -> Any:
    if isinstance(items, range) or _is_number_array(items):
        return items
    return list(items) if hasattr(items, "__len__") else _drawn(items)


def _drawn(items: Iterable[Any]) -> list[Any]:
    """Return all items of an iterable whose length nobody knows; say so if they are very many."""
    iterator = iter(items)
    values = list(islice(iterator, settings.MANY_ITEMS))
    if len(values) == settings.MANY_ITEMS:
        warn(
            f"{len(values):,} items have been taken of an iterable, and there are more. They are all "
            "taken at the call, so it must have an end, and fit into memory. With "
            "map(..., buffersize=1000) they are taken as results are taken."
        )
        values.extend(iterator)
    return values


def _is_endless(items: Iterable[Any]) -> bool:
    return type(items) in (count, cycle) or (type(items) is repeat and length_hint(items, -1) < 0)


def is_sliceable(items: Iterable[Any]) -> bool:
    """Return whether runs of these items can be cut off without going through the others."""
    return isinstance(items, _SIZED) or _is_number_array(items)


def _is_number_array(items: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return (
        numpy is not None
        and type(items) is numpy.ndarray
        and items.ndim > 0
        and not items.dtype.hasobject
    )


def _column(values: Any) -> Column:
    if isinstance(values, range):
        return PlainColumn(values)
    if not isinstance(values, list):
        return ArrayColumn(values.copy())
    if all_plain(values):
        return PlainColumn(values)
    if all_plain(values, atoms=frozen_atoms()):
        return ScalarColumn(values)
    return PickledColumn(list(map(dumps, values)))
