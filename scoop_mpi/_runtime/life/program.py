"""The user's program as a module: run as `__main__` on the root, imported once on each worker.

On a worker its `__name__` is `__scoop_main__`, so that its guarded part does not run, and it also
stands in for `__main__`, so that what the root pickles as `__main__.f` is found there.
"""

from __future__ import annotations

import ast
import os
import sys
import types
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader as _SourceFileLoader
from typing import TYPE_CHECKING, Any

from scoop_mpi._runtime.values.codec import IMPORTABLE

if TYPE_CHECKING:
    import importlib.machinery

WORKER_NAME = "__scoop_main__"


class Program:
    """A program file, a module to be run as `python -m` would, or nothing: then there is a prompt.

    Args:
        path: The file, as it was typed; or None.
        module: The name after `-m`; or None.
    """

    def __init__(self, path: str | None, module: str | None) -> None:
        self._spec: importlib.machinery.ModuleSpec | None = None
        self._missing: ImportError | None = None
        self._loader: Any = None
        self.source: bytes | None = None
        """The file's text, if another rank has read it."""
        if path is None and module is None:
            self.typed = self.file = ""
            sys.path[0] = ""
        elif module is None:
            assert path is not None
            self.typed = path
            self.file = os.path.abspath(path)
            self._loader = _SourceFileLoader("__main__", self.file)
            sys.path[0] = os.path.dirname(os.path.realpath(self.file))
        else:
            self.typed = self.file = module
            sys.path[0] = os.getcwd()
            try:
                self._spec = _find(module)
            except ImportError as error:  # told when it is run, by one rank
                self._missing = error
            else:
                self._loader = self._spec.loader
                self.file = self._spec.origin or module

    def read(self) -> bytes | None:
        """Return the text of a program file; None for a module, or if it cannot be read."""
        if self._spec is not None or self._missing is not None or not self.file:
            return None
        try:
            return bytes(self._loader.get_data(self.file))
        except OSError:  # told when it is run
            return None

    def load(self, name: str) -> types.ModuleType:
        """Make the module and register it, not run yet. `name`: its `__name__`."""
        if self._missing is not None:
            raise self._missing
        module = types.ModuleType(name)
        if self.file:
            module.__file__ = self.file
        module.__loader__ = self._loader
        module.__spec__ = self._spec
        module.__package__ = self._spec.parent if self._spec else None
        module.__dict__["__builtins__"] = __builtins__
        module.__dict__["__cached__"] = None
        sys.modules["__main__"] = module
        sys.modules[WORKER_NAME] = module
        return module

    def run(self, module: types.ModuleType) -> None:
        """Run the program's code in its module."""
        if not self.file:
            return
        if self._spec is not None:
            code = self._loader.get_code(self._spec.name)
            source = self._loader.get_source(self._spec.name)
        else:
            source = self._loader.get_data(self.file) if self.source is None else self.source
            code = compile(source, self.file, "exec", dont_inherit=True)
        _note_importable(source)
        exec(code, module.__dict__)  # noqa: S102  running the user's program is what we are for


def _find(module: str) -> importlib.machinery.ModuleSpec:
    import importlib.util  # noqa: PLC0415  a program that is a file does not need it

    spec = importlib.util.find_spec(module)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{module}.__main__")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {module!r}, or it cannot be run with -m")
    return spec


# --- which names every rank has --------------------------------------------------------------


def _note_importable(source: bytes | str) -> None:
    """Tell the codec which names of the program exist wherever it is merely imported."""
    tree = ast.parse(source)
    guarded = [part for node in tree.body if _is_guard(node) for part in _walk([node])]
    defines = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    outside = [node for node in tree.body if not _is_guard(node)]
    IMPORTABLE.aliases = frozenset({"__main__", WORKER_NAME})
    IMPORTABLE.guarded = any(isinstance(node, defines) for node in guarded) or any(
        isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Lambda)
        for node in guarded
    )
    inside = set(_bound(guarded))
    IMPORTABLE.names = frozenset(set(_bound(list(_walk(outside)))) - inside)


def _is_guard(node: ast.stmt) -> bool:
    """Return whether this is `if __name__ == "__main__":`."""
    if not isinstance(node, ast.If) or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def _walk(nodes: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements and those inside them, but not what functions and classes hold."""
    for node in nodes:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            inner += [
                statement
                for child in ast.iter_child_nodes(node)
                if isinstance(child, ast.ExceptHandler | ast.match_case)
                for statement in child.body
            ]
            yield from _walk(inner)


def _bound(nodes: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind in their own scope."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        else:
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    yield part.id
