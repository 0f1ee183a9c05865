"""A loop that several threads of the program use: each has a place of its own in it.

What the loop notes of the call that runs belongs to one thread: a second one that ran a call at the same time
would put back what the first has left (and a depth that only grows ends in a thread that runs nothing).
Programs of one thread do not pay for that: their loop is a plain `Loop` until a second thread comes.
"""

from __future__ import annotations

import threading
from typing import Any

from scoop_mpi._runtime.loop import Loop

_becoming = threading.Lock()


class _OfThread:
    """An attribute of the loop that belongs to the thread which drives.

    Args:
        kept: Whether other threads have their own, too; else it is 0 for them.
    """

    def __init__(self, *, kept: bool = True) -> None:
        self._kept = kept

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, loop: Threaded, _: type) -> Any:
        return self._attributes(loop).get(self._name, 0)

    def __set__(self, loop: Threaded, value: Any) -> None:
        self._attributes(loop)[self._name] = value

    def _attributes(self, loop: Threaded) -> dict[str, Any]:
        if threading.get_ident() == loop.thread:
            return vars(loop)
        return vars(loop.of_thread) if self._kept else {}


class Threaded(Loop):
    """A loop that knows which thread asks. Made of a `Loop` in use, by `become`."""

    group = _OfThread()
    _depth = _OfThread(kept=False)  # no greenlets to go to when it is deep
    _away_s = _OfThread()

    of_thread: threading.local
    """What threads that do not drive have of their own."""

    def _expect_threads(self) -> None:
        """They are expected."""


def become(loop: Loop, kind: type[Threaded]) -> bool:
    """Have each thread keep its own place from now on; return False if this kind of loop did so already."""
    with _becoming:
        if isinstance(loop, kind):
            return False
        vars(loop).setdefault("of_thread", threading.local())
        loop.__class__ = kind
        return True
