"""Constants that every rank can read: set once, never changed.

    shared.setConst(table=table)         from anywhere, once for each name
    shared.getConst("table")             from anywhere, the same object each time on a rank
    shared.delConst("table")             frees it on every rank, and the name
    with shared.constants(table=table):      sets it, and frees it at the end
    del shared.elements[setter]["table"]     lets go of it on this rank alone

Large arrays lie once on each node, in memory that its ranks share; what a rank writes to its own
stays its own, page by page. A call never runs before the constants that were set when it was
submitted are there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from scoop_mpi._kernel.constants import Constant
from scoop_mpi._runtime.here import current
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.values import blocks, codec

__all__ = ["constants", "delConst", "elements", "getConst", "setConst"]

_decoded: dict[str, tuple[Constant, Any]] = {}
"""What this rank has read: name -> the constant, and this rank's own object."""


def setConst(**kwargs: Any) -> None:  # noqa: N802  SCOOP's name
    """Make constants: any values, functions and lambdas too, that can be pickled.

    Returns when they are known; all of them are set, or none.

    Raises:
        TypeError: A name is set already; the message says by which rank, on which host.
        PickleError: A value cannot be pickled.
    """
    loop = current("shared.setConst")
    make = loop.blocks.make
    denied = loop.define(tuple((name, make(codec.dumps(value))) for name, value in kwargs.items()))
    if denied is not None:
        host, _, rank = denied.setter.rpartition(":")
        raise TypeError(
            f"This constant already exists: {denied.name}. It was set by rank {rank} on {host}; "
            "a constant can be set only once."
        )


def getConst(name: str, timeout: float = 0.1) -> Any:  # noqa: N802  SCOOP's name
    """Return the value of a constant, or None if it is not set within `timeout` seconds.

    A constant that was set before this call was submitted is there at once, whatever the timeout.
    """
    loop = current("shared.getConst")
    known = loop.worker.constants.known
    if name not in known:
        loop.await_constants(lambda: name in known, now() + timeout)
        if name not in known:
            _decoded.pop(name, None)
            return None
    constant = known[name]
    if name not in _decoded or _decoded[name][0] is not constant:
        _decoded[name] = constant, blocks.load(constant.encoded)
        loop.let_go = _let_go
    return _decoded[name][1]


def delConst(name: str) -> None:  # noqa: N802  as SCOOP's names
    """Free a constant on every rank; then its name may be used for a new one.

    Calls that were submitted before may still need it, and find None. What a call has got by
    `getConst` stays as it is for as long as somebody holds it.

    Raises:
        KeyError: There is no constant of this name.
    """
    if not current("shared.delConst").undefine(name):
        raise KeyError(name)
    _let_go()  # on other ranks, their main threads do that when they come to it


@contextlib.contextmanager
def constants(**kwargs: Any) -> Iterator[None]:
    """Make constants for as long as a `with` block runs, then free them on every rank."""
    setConst(**kwargs)
    try:
        yield
    finally:
        for name in kwargs:
            with contextlib.suppress(KeyError):  # freed within the block
                delConst(name)


def _let_go() -> None:
    """Drop what this rank has read of constants that are gone, or were made anew."""
    known = current().worker.constants.known
    for name, (constant, _) in list(_decoded.items()):
        if known.get(name) is not constant:
            _decoded.pop(name, None)


class _Names(MutableMapping[str, Any]):
    """The constants that one rank has set, as known here: name -> value."""

    def __init__(self, setter: str) -> None:
        self._setter = setter

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        return getConst(name, 0)

    def __delitem__(self, name: str) -> None:
        if name not in self._names():
            raise KeyError(name)
        loop = current("shared.elements")
        with loop.lock:
            loop.worker.constants.forget(name)
        _decoded.pop(name, None)

    def __setitem__(self, name: str, value: Any) -> None:
        raise TypeError(f"constants are set by shared.setConst({name}=...)")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> list[str]:
        known = current("shared.elements").worker.constants.known
        return [name for name, constant in known.items() if constant.setter == self._setter]

    def __repr__(self) -> str:
        return repr(dict(self))


class _Elements(Mapping[str, MutableMapping[str, Any]]):
    """What is known here, by the rank that set it: `scoop_mpi.worker` -> name -> value."""

    def __getitem__(self, setter: str) -> MutableMapping[str, Any]:
        if setter not in self._setters():
            raise KeyError(setter)
        return _Names(setter)

    def __iter__(self) -> Iterator[str]:
        return iter(self._setters())

    def __len__(self) -> int:
        return len(self._setters())

    def _setters(self) -> list[str]:
        known = current("shared.elements").worker.constants.known
        return list(dict.fromkeys(constant.setter for constant in known.values()))

    def __repr__(self) -> str:
        return repr(dict(self))


elements: _Elements = _Elements()
"""The constants known here. As in SCOOP, name of the rank that set them -> name -> value.

Deleting a name frees this rank's copy of it, and this rank's alone: elsewhere it can still be read.
Here `getConst` finds it no more, and `setConst` may make it anew, for every rank.
"""
