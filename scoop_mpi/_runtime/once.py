"""What each rank makes once and keeps: tables, models, connections (`futures.once_per_rank`)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, cast

from scoop_mpi._runtime.values.codec import IMPORTABLE

P = ParamSpec("P")
R = TypeVar("R")

_made: dict[Any, Any] = {}
"""What this rank has: name and arguments -> what the function returned."""

_lock = threading.RLock()


class Once(Generic[P, R]):
    """A function that is called once on a rank for the same arguments.

    What it returned is kept by the function's name, not by the function: one that travels by value,
    from a prompt or a notebook, finds it too.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self.__wrapped__ = function
        self.__doc__ = function.__doc__
        self.__name__: str = function.__name__
        self.__qualname__ = function.__qualname__
        self.__module__ = function.__module__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function returned for these arguments; call it if it was not called yet."""
        name = self._name(args, kwargs)
        if name not in _made:
            # Threads wait for each other. A call that runs inside a wait of the function makes its own.
            with _lock:
                if name not in _made:
                    made = self.__wrapped__(*args, **kwargs)
                    _made.setdefault(name, made)
        return cast(R, _made[name])

    def forget(self) -> None:
        """Drop what this rank keeps of the function."""
        with _lock:
            for name in [name for name in _made if name[:2] == self._names]:
                del _made[name]

    @property
    def _names(self) -> tuple[str, str]:
        """What the function is known by; the program's module has another name on workers."""
        module = "__main__" if self.__module__ in IMPORTABLE.aliases else self.__module__
        return module, self.__qualname__

    def _name(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            hash(name := (*self._names, args, tuple(sorted(kwargs.items()))))
        except TypeError as error:
            raise TypeError(
                f"the arguments of {self.__qualname__}, which is made once per rank, tell what is kept: "
                f"they must be hashable, as for functools.cache ({error})"
            ) from error
        return name
