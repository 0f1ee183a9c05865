"""Seeded calls: each has a stream of random numbers that its place among the calls decides.

A place is a path: which map or submit of the program (0, 1, 2, ...), which call of it, which map or
submit of that call, and so on. So it does not depend on ranks, on their order, or on how often a
call was begun. The path is the spawn key of a `numpy.random.SeedSequence`: all streams of one seed
are independent of each other.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from itertools import count
from typing import TYPE_CHECKING, Any

from scoop_mpi._runtime import here

if TYPE_CHECKING:
    from numpy.random import Generator


class Stream:
    """The randomness of one call, or of the program; within it (`with`) calls are made and run.

    Attributes:
        seed: That of the run, from which all streams derive.
        path: The place of the call; of the program, empty.
    """

    def __init__(self, seed: int, path: tuple[int, ...] = ()) -> None:
        self.seed = seed
        self.path = path
        self._ordinals = count()
        self._generator: Generator | None = None
        self._tokens: list[Token[Stream | None]] = []

    def __enter__(self) -> None:
        here.stream = stream_here
        self._tokens.append(_streams.set(self))

    def __exit__(self, *_: object) -> None:
        _streams.reset(self._tokens.pop())

    @property
    def generator(self) -> Generator:
        """The generator, which goes on where it was left."""
        if self._generator is None:
            import numpy as np  # noqa: PLC0415  only where random numbers are drawn

            sequence = np.random.SeedSequence(self.seed, spawn_key=self.path)
            self._generator = np.random.default_rng(sequence)
        return self._generator

    def seeded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return what runs the calls of the next map or submit of this call, if it is callable."""
        if not callable(function):
            return function
        return Seeded(function, self.seed, (*self.path, next(self._ordinals)))


_streams: ContextVar[Stream | None] = ContextVar("stream", default=None)
"""That of the call which runs. Calls that run inside its waits have contexts, or values, of their own."""


def stream_here() -> Stream | None:
    """Return the stream of the call that runs; None if it has none."""
    return _streams.get()


def apart(function: Callable[[], object]) -> None:
    """Call a function in no stream: one that runs whenever it comes to it, such as a callback."""
    token = _streams.set(None)
    try:
        function()
    finally:
        _streams.reset(token)


def seed_program(seed: int) -> None:
    """Give the program, from here on, a stream, and so every call that it makes."""
    Stream(seed).__enter__()


class Seeded:
    """A callable whose first argument says which call of its map this is."""

    def __init__(self, function: Callable[..., Any], seed: int, path: tuple[int, ...]) -> None:
        self.function = function
        self.seed = seed
        self.path = path
        # What its calls are known by, in messages and statistics.
        self.__qualname__ = getattr(function, "__qualname__", type(function).__qualname__)
        self.__module__ = getattr(function, "__module__", None) or type(function).__module__

    def __call__(self, index: int, /, *args: Any, **kwargs: Any) -> Any:
        """Call the function with the other arguments, in a stream of its own."""
        with Stream(self.seed, (*self.path, index)):
            return self.function(*args, **kwargs)


def checked(seed: int) -> int:
    """Return a seed that is one.

    Raises:
        ValueError: It is no whole number, 0 or more.
    """
    try:
        if seed == int(seed) and seed >= 0:
            return int(seed)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"a seed is a whole number, 0 or more, not {seed!r}")
