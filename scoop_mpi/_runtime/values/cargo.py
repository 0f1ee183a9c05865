"""The callable and the arguments of a task together: what the kernel cuts and lends unseen.

A map keeps its arguments as columns, one for each iterable; what a borrower gets is a slice of
each. A submit keeps one argument tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice, starmap
from typing import Any

from scoop_mpi._runtime.values import identity
from scoop_mpi._runtime.values.callables import Function
from scoop_mpi._runtime.values.codec import Pickled, all_plain, dumps, is_plain, loads_once, raw
from scoop_mpi._runtime.values.columns import Column, received_column, size_of
from scoop_mpi.errors import PickleError

_copies = count(1)


class Copy:
    """The copy of a callable with state that several tasks share: those of one stream.

    Attributes:
        number: Names it, with the rank that made it.
        loaded: It, once it was needed on that rank.
    """

    __slots__ = ("loaded", "number")

    def __init__(self) -> None:
        self.number: int = next(_copies)
        self.loaded: Callable[..., Any] | None = None


class MapCargo:
    """One callable over columns of arguments."""

    __slots__ = ("_call_bytes", "_columns", "copy", "function", "loaded", "origin")

    def __init__(
        self,
        function: Function,
        columns: Sequence[Column],
        origin: int = 0,
        copy: Copy | int | None = None,
    ) -> None:
        self.function: Function = function
        self._columns = columns
        self._call_bytes: int | None = None
        self.loaded: Callable[..., Any] | None = None
        self.origin: int = origin
        """The index of the first call that the columns hold."""
        self.copy: Copy | int | None = copy
        """What is called, if other tasks call it too; on a borrower only its number."""

    @property
    def call_bytes(self) -> int:
        """About how many bytes the arguments of one call have."""
        if self._call_bytes is None:
            self._call_bytes = sum(column.call_bytes for column in self._columns)
        return self._call_bytes

    def cut(self, start: int, stop: int) -> Any:
        """Return what travels for these calls."""
        columns: list[Any] = [column.cut(start, stop) for column in self._columns]
        if self.copy is not None:
            assert isinstance(self.copy, Copy)
            columns.append(self.copy.number)
        return self.function.digest, columns

    def identities(self, calls: int) -> Iterator[bytes]:
        """Return, for each call, bytes that tell its arguments from others."""
        columns = [column.identities() for column in self._columns]
        return (identity.of_bytes(*parts) for parts in islice(zip(*columns, strict=False), calls))

    def load(self) -> Callable[..., Any]:
        """Return the callable of this map on this rank: loaded once."""
        if self.loaded is None:
            copy = self.copy
            if isinstance(copy, Copy):
                copy.loaded = copy.loaded or self.function.load()
                self.loaded = copy.loaded
            else:
                self.loaded = self.function.load()
        return self.loaded

    def rows(self, start: int, stop: int) -> tuple[Iterator[Any], list[Any]]:
        """Return an iterator that makes one call at each step, and the list that feeds it.

        Arguments that cannot be decoded raise at their own step, and only there. Shortening the
        list ends the iterator early (see `calls.Running`).
        """
        function = self.load()
        if len(self._columns) == 1:
            feed, items = self._columns[0].feed(start - self.origin, stop - self.origin)
            return map(function, items), feed
        indices = list(range(start, stop))
        return starmap(function, map(self._row, indices)), indices

    def call(self, index: int) -> Any:
        """Make one call; decoding its arguments is part of it."""
        function = self.load()
        if len(self._columns) == 1:
            return function(self._columns[0].item(index - self.origin))
        return function(*self._row(index))

    def forget(self) -> None:
        """Let go of the arguments: all calls have ended."""
        self._columns = ()

    def _row(self, index: int) -> tuple[Any, ...]:
        return tuple(column.item(index - self.origin) for column in self._columns)


class CallCargo:
    """One callable and the arguments of one call."""

    __slots__ = ("_args", "_kwargs", "function")

    def __init__(self, function: Function, args: Any, kwargs: Any) -> None:
        self.function: Function = function
        self._args = args
        """A tuple of plain values, or the `Pickled` of the tuple; likewise the keywords."""
        self._kwargs = kwargs

    @property
    def call_bytes(self) -> int:
        """About how many bytes the arguments have."""
        kwargs = self._kwargs if type(self._kwargs) is Pickled else self._kwargs.values()
        return sum(map(size_of, (self._args, kwargs)))

    def cut(self, start: int, stop: int) -> Any:
        """Return what travels for the call."""
        return self.function.digest, (self._args, self._kwargs)

    def identities(self, calls: int) -> Iterator[bytes]:
        """Return bytes that tell the arguments of the call from others."""
        args, kwargs = (
            identity.of_bytes(part.data, *map(raw, part.buffers))
            if type(part) is Pickled
            else identity.of_value(part)
            for part in (self._args, self._kwargs)
        )
        return iter((identity.of_bytes(args, kwargs),))

    def forget(self) -> None:
        """Let go of the arguments: the call has ended."""
        self._args, self._kwargs = (), {}

    def call(self, index: int) -> Any:
        """Make the call, with the callee's own copies of the arguments."""
        args, kwargs = self._args, self._kwargs
        if type(args) is Pickled:
            args = loads_once(args)
        if type(kwargs) is Pickled:
            kwargs = loads_once(kwargs)
        target = self.function.target
        if target is None:
            target = self.function.load()
        return target(*args, **kwargs)


Cargo = MapCargo | CallCargo


def encode_call(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallCargo:
    """Encode the arguments of one call.

    Raises:
        PickleError: An argument cannot be pickled; the message shows which.
    """
    return CallCargo(
        function,
        args if not args or all_plain(args) else _pickle_all(args),
        kwargs if not kwargs or all_plain(kwargs.values()) else _pickle_all(kwargs),
    )


def _pickle_all(arguments: Any) -> Pickled:
    try:
        return dumps(arguments)
    except PickleError:
        values = arguments.values() if isinstance(arguments, dict) else arguments
        for value in values:
            if not is_plain(value):
                dumps(value)  # raises for the one that cannot, and names it
        raise


def received_cargo(function: Function, data: Any, origin: int) -> Cargo:
    """Return the cargo of a loan from what `cut` gave (without the digest)."""
    if isinstance(data, tuple):
        return CallCargo(function, *data)
    copy = data.pop() if data and type(data[-1]) is int else None
    columns = [received_column(kind, values) for kind, values in data]
    return MapCargo(function, columns, origin, copy)
