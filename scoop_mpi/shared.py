"""Constants that every rank can read: set once, never changed.

    shared.setConst(table=table)         from anywhere, once for each name
    shared.getConst("table")             from anywhere, the same object each time on a rank

A call never runs before the constants that were set when it was submitted are there.
"""

from __future__ import annotations

from typing import Any

from scoop_mpi._runtime import codec
from scoop_mpi._runtime.here import current
from scoop_mpi._runtime.post import now

_decoded: dict[str, Any] = {}
"""What this rank has read: name -> its own object."""


def setConst(**kwargs: Any) -> None:  # noqa: N802  SCOOP's name
    """Make constants: any values, functions and lambdas too, that can be pickled.

    Returns when they are known; all of them are set, or none.

    Raises:
        TypeError: A name is set already; the message says by which rank.
        PickleError: A value cannot be pickled.
    """
    loop = current("shared.setConst")
    denied = loop.define(tuple((name, codec.dumps(value)) for name, value in kwargs.items()))
    if denied is not None:
        raise TypeError(
            f"This constant already exists: {denied.name}. It was set by rank {denied.setter}; "
            "a constant can be set only once."
        )


def getConst(name: str, timeout: float = 0.1) -> Any:  # noqa: N802  SCOOP's name
    """Return the value of a constant, or None if it is not set within `timeout` seconds.

    A constant that was set before this call was submitted is there at once, whatever the timeout.
    """
    if name in _decoded:
        return _decoded[name]
    loop = current("shared.getConst")
    values = loop.worker.constants.values
    if name not in values:
        loop.await_constants(lambda: name in values, now() + timeout)
        if name not in values:
            return None
    _decoded[name] = value = codec.loads(values[name])
    return value
