"""docs/api.md has every public name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "scoop_mpi"
MODULES = sorted(path for path in PACKAGE.glob("*.py") if not path.stem.startswith("_"))

PAGE = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")
WHOLE = set(re.findall(r"automodule:: (\S+)\n   :members:", PAGE))
"""Modules of which the page has all members that are public."""

NAMES = set(re.findall(r"auto\w+:: (\S+)", PAGE))


def public_names(path: Path) -> list[str]:
    """Return `__all__` of a module; without one, its classes and functions."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    defined = [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return [node.name for node in defined if not node.name.startswith("_")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_modules_are_there(path: Path) -> None:
    """As a whole, or name by name."""
    module = f"scoop_mpi.{path.stem}"
    names = {f"{module}.{name}" for name in public_names(path)}
    known = NAMES | {f"scoop_mpi.{name.rpartition('.')[2]}" for name in NAMES}
    assert module in WHOLE or names <= known | {f"{module}.start"}


def test_what_the_package_has_itself_is_there() -> None:
    """Functions, classes and modules of `scoop_mpi`; its flags and its logger stand in its docstring."""
    text = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(text)) or ""
    headings = set(re.findall(r"^## (\w+)$", PAGE, re.MULTILINE))
    for name in public_names(PACKAGE / "__init__.py"):
        if not name.startswith("__"):
            assert name in headings or f"scoop_mpi.{name}" in NAMES or f"    {name}" in said, name
