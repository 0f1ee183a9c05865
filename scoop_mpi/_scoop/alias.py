"""`import scoop` finds `scoop_mpi._scoop`, whether or not SCOOP is installed.

One module object under two names: what `scoop.futures` is, `scoop_mpi._scoop.futures` is.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from scoop_mpi._scoop import gone

_HERE = "scoop_mpi._scoop"
_PACKAGES = frozenset({"scoop", "scoop._comm"})
_MODULES = frozenset(
    {
        "scoop._comm.scoopexceptions",
        "scoop._types",
        "scoop.fallbacks",
        "scoop.futures",
        "scoop.shared",
        "scoop.utils",
    }
)


def install() -> None:
    """Make `import scoop` find ours, from now on."""
    sys.meta_path.insert(0, _Alias())


class _Alias:
    """Finds and loads `scoop` and what is in it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a module of SCOOP's; None for any other.

        Raises:
            ImportError: SCOOP has it, and it makes no sense here; the message says what does.
        """
        theirs = name.replace(_HERE, "scoop", 1)  # what `from scoop import name` asks for
        if theirs in gone.MODULES or theirs in gone.NAMES:
            raise gone.not_importable(theirs)
        if name in _PACKAGES or name in _MODULES:
            loader: Any = self  # a subclass of Python's own would cost an import of 17 ms
            return ModuleSpec(name, loader, is_package=name in _PACKAGES)
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the making of the module, which is thrown away, to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Put our module in the place of the new one, as the import system allows."""
        name = module.__name__
        ours = importlib.import_module(_HERE + name.removeprefix("scoop"))
        if name not in _PACKAGES:
            ours.__path__ = []  # so that Python asks us about `from scoop.futures import name`
        sys.modules[name] = ours
