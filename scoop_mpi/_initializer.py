"""What executors and pools call on a rank before its first call of theirs."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any, TypeVar

from scoop_mpi import shared
from scoop_mpi._runtime.here import current

T = TypeVar("T")

_numbers = itertools.count(1)

_failures: dict[str, Exception | None] = {}
"""Initializers that were called on this rank -> what they raised."""


class Initializer:
    """An initializer and its arguments, which each rank gets once, as a constant."""

    def __init__(self, function: Callable[..., object], args: tuple[Any, ...]) -> None:
        if not callable(function):
            raise TypeError(f"initializer must be callable, not {function!r}")
        where = current("Executor").name
        self._name = f"initializer {next(_numbers)} of {where}, process {os.getpid()}"
        shared.setConst(**{self._name: (function, tuple(args))})

    def call(self) -> None:
        """Call it, if it has not been called on this rank.

        Raises:
            BrokenExecutor: It raised, now or then.
        """
        if self._name not in _failures:
            function, args = shared.getConst(self._name)
            try:
                function(*args)
            except Exception as error:
                _failures[self._name] = error
            else:
                _failures[self._name] = None
        failure = _failures[self._name]
        if failure is not None:
            from concurrent.futures import BrokenExecutor  # noqa: PLC0415  costs start-up time

            raise BrokenExecutor(f"the initializer raised {failure!r}") from failure

    def before(self, function: Callable[..., T]) -> Callable[..., T]:
        """Return a callable that calls it before it calls the function."""
        if not callable(function):
            raise TypeError(f"the function must be callable, not {function!r}")
        return _Initialized(self, function)


class _Initialized:
    """A callable that needs an initializer."""

    def __init__(self, initializer: Initializer, function: Callable[..., Any]) -> None:
        self._initializer = initializer
        self._function = function
        # What its calls are known by, in messages and statistics.
        self.__qualname__ = getattr(function, "__qualname__", type(function).__qualname__)
        self.__module__ = getattr(function, "__module__", None) or type(function).__module__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        self._initializer.call()
        return self._function(*args, **kwargs)
