"""The callable and the arguments of a task: encoded at the call, cut for borrowers, iterated here.

A map keeps its arguments as columns, one for each iterable; what a borrower gets is a slice of
each. A submit keeps one argument tuple. Both know their `Function`, which travels once to each
rank, named by the digest of its bytes.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import starmap
from typing import Any, Protocol

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.codec import Pickled, all_plain, dumps, is_plain, loads, loads_once, raw
from scoop_mpi.errors import PickleError

# --- callables -------------------------------------------------------------------------------

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, type)


class Function:
    """A callable as it travels and as it is called.

    Attributes:
        key: What its durations are filed under: module and name.
        digest: Names its bytes among ranks; empty if it never travels (one rank).
        pickled: Its bytes.
        shared: Whether all calls may use one loaded object: functions, which have no state.
    """

    __slots__ = ("_target", "digest", "key", "pickled", "shared")

    def __init__(
        self, key: str, digest: bytes, pickled: Pickled | None, target: Any, *, shared: bool
    ) -> None:
        self.key = key
        self.digest = digest
        self.pickled = pickled
        self._target = target
        self.shared = shared

    def load(self) -> Callable[..., Any]:
        """Return something to call: functions as they are, other callables as a fresh copy.

        So a callable object with state behaves the same wherever it runs: one copy a map.
        """
        if self.shared:
            if self._target is None:
                assert self.pickled is not None
                self._target = loads(self.pickled)
            return self._target  # type: ignore[no-any-return]  # whatever the user calls
        assert self.pickled is not None
        return loads(self.pickled)  # type: ignore[no-any-return]  # as above


def _shareable(target: Any) -> bool:
    """Return whether calling this object itself is as good as calling a copy."""
    if isinstance(target, functools.partial):
        return (
            type(target) is functools.partial
            and _shareable(target.func)
            and all_plain(target.args)
            and all_plain(target.keywords.values())
        )
    if isinstance(target, types.BuiltinFunctionType):
        return target.__self__ is None or isinstance(target.__self__, types.ModuleType)
    return isinstance(target, _FUNCTIONS)


def _key(target: Any) -> str:
    while isinstance(target, functools.partial):
        target = target.func
    name = getattr(target, "__qualname__", None) or type(target).__qualname__
    return f"{getattr(target, '__module__', None)}.{name}"


_encoded: OrderedDict[Any, Function] = OrderedDict()
"""Module-level functions, which cannot go stale: what their name means is what they are."""


def encode_function(target: Any, *, travels: bool) -> Function:
    """Encode a callable, on the thread of the call that hands it over.

    Raises:
        TypeError: It is not callable.
        PickleError: It cannot be pickled.
    """
    named = type(target) in _FUNCTIONS
    if named:
        known = _encoded.get(target)
        if known is not None and (known.pickled is not None or not travels):
            return known
    if not callable(target):
        raise TypeError(f"the first argument must be callable, not {target!r}")
    shared = _shareable(target)
    if shared and not travels:
        function = Function(_key(target), b"", None, target, shared=True)
    else:
        pickled = dumps(target)
        function = Function(_key(target), _digest(pickled), pickled, target, shared=shared)
    if named and _is_module_level(target):
        if len(_encoded) >= settings.CALLABLES:
            _encoded.popitem(last=False)
        _encoded[target] = function
    return function


def _is_module_level(target: Any) -> bool:
    module = sys.modules.get(getattr(target, "__module__", None) or "")
    return getattr(module, target.__qualname__, None) is target


def _digest(pickled: Pickled) -> bytes:
    digest = hashlib.blake2b(pickled.data, digest_size=16)
    for buffer in pickled.buffers:
        digest.update(raw(buffer))
    return digest.digest()


class Mirror:
    """Which callables the other side of a pair of ranks remembers.

    Sender and receiver each keep one and apply the same uses in the same order, so both forget the
    same entries at the same time, and no message about it is needed.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[bytes, Function] = OrderedDict()
        self._bytes = 0

    def get(self, digest: bytes) -> Function | None:
        """Return a remembered callable, and count this as its latest use."""
        function = self._entries.get(digest)
        if function is not None:
            self._entries.move_to_end(digest)
        return function

    def put(self, function: Function) -> None:
        """Remember a callable; forget the least recently used beyond the bounds."""
        assert function.pickled is not None
        self._entries[function.digest] = function
        self._bytes += function.pickled.size
        while len(self._entries) > settings.CALLABLES or (
            self._bytes > settings.CALLABLE_BYTES and len(self._entries) > 1
        ):
            _, forgotten = self._entries.popitem(last=False)
            assert forgotten.pickled is not None
            self._bytes -= forgotten.pickled.size


# --- columns of a map ------------------------------------------------------------------------


class Column(Protocol):
    """One argument of every call of a map."""

    def cut(self, start: int, stop: int) -> tuple[str, Any]:
        """Return what travels for these calls: a kind and plain data."""

    def item(self, index: int) -> Any:
        """Return the argument of one call; decoding it may raise."""

    def feed(self, start: int, stop: int) -> tuple[list[Any], Iterable[Any]]:
        """Return a list of what is stored for these calls, and what decodes it as it is iterated."""


class PlainColumn:
    """Plain values or a range: kept as they are."""

    KIND = "plain"
    __slots__ = ("_values",)

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values

    def cut(self, start: int, stop: int) -> tuple[str, Any]:
        return self.KIND, self._values[start:stop]

    def item(self, index: int) -> Any:
        return self._values[index]

    def feed(self, start: int, stop: int) -> tuple[list[Any], Iterable[Any]]:
        feed = list(self._values[start:stop])
        return feed, feed


class PickledColumn:
    """Values that could change: each encoded by itself at the call."""

    KIND = "pickled"
    __slots__ = ("_values",)

    def __init__(self, values: Sequence[Pickled]) -> None:
        self._values = values

    def cut(self, start: int, stop: int) -> tuple[str, Any]:
        return self.KIND, self._values[start:stop]

    def item(self, index: int) -> Any:
        return loads_once(self._values[index])

    def feed(self, start: int, stop: int) -> tuple[list[Any], Iterable[Any]]:
        feed = list(self._values[start:stop])
        return feed, map(loads_once, feed)


class ArrayColumn:
    """A numpy array of numbers, mapped over its first axis: travels as a slice."""

    KIND = "array"
    __slots__ = ("_array",)

    def __init__(self, array: Any) -> None:
        self._array = array

    def cut(self, start: int, stop: int) -> tuple[str, Any]:
        return self.KIND, dumps(self._array[start:stop])

    def item(self, index: int) -> Any:
        return self._array[index : index + 1].copy()[0]

    def feed(self, start: int, stop: int) -> tuple[list[Any], Iterable[Any]]:
        # A copy, so that a call that writes into its row changes nothing for anyone else.
        feed = list(self._array[start:stop].copy())
        return feed, feed


def received_column(kind: str, data: Any) -> Column:
    """Return a column from what `cut` gave."""
    if kind == PlainColumn.KIND:
        return PlainColumn(data)
    if kind == PickledColumn.KIND:
        return PickledColumn(data)
    return ArrayColumn(loads_once(data))


def encode_columns(iterables: Sequence[Iterable[Any]]) -> tuple[list[Column], int]:
    """Take the items of iterables, as many as the shortest has, and encode them.

    Returns:
        One column for each iterable, and the number of calls.

    Raises:
        PickleError: An item cannot be pickled; the message shows it.
    """
    if not iterables:
        return [], 0
    if len(iterables) == 1 or all(isinstance(items, _SIZED) for items in iterables):
        values = [_take(items) for items in iterables]
        calls = min(len(items) for items in values)
        return [_column(items[:calls]) for items in values], calls
    rows = list(zip(*iterables, strict=False))
    if not rows:
        return [], 0
    return [_column(list(values)) for values in zip(*rows, strict=True)], len(rows)


_SIZED = (list, tuple, range)


def _take(items: Iterable[Any]) -> Any:
    if isinstance(items, range) or _is_number_array(items):
        return items
    return list(items)


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
    return PickledColumn(list(map(dumps, values)))


# --- cargo -----------------------------------------------------------------------------------


class MapCargo:
    """One callable over columns of arguments."""

    __slots__ = ("_columns", "function", "loaded", "origin")

    def __init__(self, function: Function, columns: Sequence[Column], origin: int = 0) -> None:
        self.function = function
        self._columns = columns
        self.loaded: Callable[..., Any] | None = None
        self.origin = origin
        """The index of the first call that the columns hold."""

    def cut(self, start: int, stop: int) -> Any:
        """Return what travels for these calls."""
        return self.function.digest, [column.cut(start, stop) for column in self._columns]

    def load(self) -> Callable[..., Any]:
        """Return the callable of this map on this rank: loaded once."""
        if self.loaded is None:
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
        return self.load()(*self._row(index))

    def _row(self, index: int) -> tuple[Any, ...]:
        return tuple(column.item(index - self.origin) for column in self._columns)


class CallCargo:
    """One callable and the arguments of one call."""

    __slots__ = ("_args", "_kwargs", "function")

    def __init__(self, function: Function, args: Any, kwargs: Any) -> None:
        self.function = function
        self._args = args
        """A tuple of plain values, or the `Pickled` of the tuple; likewise the keywords."""
        self._kwargs = kwargs

    def cut(self, start: int, stop: int) -> Any:
        """Return what travels for the call."""
        return self.function.digest, (self._args, self._kwargs)

    def call(self, index: int) -> Any:
        """Make the call, with the callee's own copies of the arguments."""
        args, kwargs = self._args, self._kwargs
        if type(args) is Pickled:
            args = loads_once(args)
        if type(kwargs) is Pickled:
            kwargs = loads_once(kwargs)
        return self.function.load()(*args, **kwargs)


Cargo = MapCargo | CallCargo


def encode_call(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallCargo:
    """Encode the arguments of one call.

    Raises:
        PickleError: An argument cannot be pickled; the message shows which.
    """
    return CallCargo(
        function,
        args if all_plain(args) else _pickle_all(args),
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
    return MapCargo(function, [received_column(kind, values) for kind, values in data], origin)
