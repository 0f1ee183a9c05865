"""Callables: encoded once a map or submit, named by digest, sent once to each rank.

Functions are called as they are; a callable that may have state (an object, a bound method, a
partial that holds one) is loaded once for each map on each rank, on its own rank too, so that it
behaves the same wherever it runs.
"""

from __future__ import annotations

import functools
import sys
import types
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.values.codec import IMPORTABLE, Pickled, all_plain, dumps, loads, raw

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, type)


class Function:
    """A callable as it travels and as it is called.

    Attributes:
        key: What its durations are filed under: module and name.
        digest: Names its bytes among ranks; empty if it never travels (one rank).
        pickled: Its bytes.
        shared: Whether all calls may use one loaded object: functions, which have no state.
        target: That object, once it is loaded here; None if each map loads one of its own.
    """

    __slots__ = ("digest", "key", "pickled", "shared", "target")

    def __init__(
        self, key: str, digest: bytes, pickled: Pickled | None, target: Any, *, shared: bool
    ) -> None:
        self.key: str = key
        self.digest: bytes = digest
        self.pickled: Pickled | None = pickled
        self.shared: bool = shared
        self.target = target if shared else None

    def load(self) -> Callable[..., Any]:
        """Return something to call: functions as they are, other callables as a fresh copy.

        So a callable object with state behaves the same wherever it runs: one copy a map.
        """
        if self.shared:
            if self.target is None:
                assert self.pickled is not None
                self.target = loads(self.pickled)
            return self.target  # type: ignore[no-any-return]  # whatever the user calls
        assert self.pickled is not None
        return loads(self.pickled)  # type: ignore[no-any-return]  # as above


class Stateless:
    """A callable of this package: its calls may share one copy."""


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
    return isinstance(target, (*_FUNCTIONS, Stateless))


def _key(target: Any) -> str:
    while isinstance(target, functools.partial):
        target = target.func
    name = getattr(target, "__qualname__", None) or type(target).__qualname__
    module = getattr(target, "__module__", None)
    # The program has another name on workers: one function is one key, whoever hands it over.
    return f"{'__main__' if module in IMPORTABLE.aliases else module}.{name}"


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
    """Return what names these bytes: themselves, if they are short."""
    if len(pickled.data) <= settings.NAMES_ITSELF and not pickled.buffers:
        return pickled.data
    import hashlib  # noqa: PLC0415  costs start-up time, and is not needed for plain functions

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
