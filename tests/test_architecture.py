"""The house stands as it is drawn: layers, what the kernel may do, and what starting costs.

The contracts between modules are in setup.cfg; here are those that imports alone cannot tell.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "scoop_mpi"
MODULES = sorted(PACKAGE.rglob("*.py"))

HEAVY = {"mpi4py", "numpy", "cloudpickle"}
"""Imported at first use only: each costs start-up time, and mpi4py starts MPI."""

IMPURE = {"open", "print", "input", "exec", "eval", "__import__", "hash", "id", "breakpoint"}
"""Built-in functions with an effect, or with an answer that differs from run to run."""


def name(path: Path) -> str:
    """Return a module's path as a test's name."""
    return str(path.relative_to(REPOSITORY))


def calls(tree: ast.AST) -> Iterator[str]:
    """Yield the name of each plainly named function that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def imports(nodes: list[ast.stmt]) -> Iterator[str]:
    """Yield the packages that these statements import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter on the package of this checkout."""
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, *command],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_contracts_of_imports_are_kept() -> None:
    """import-linter finds every contract of setup.cfg kept."""
    code = "from importlinter.cli import lint_imports_command as main; main()"
    done = run("-c", code, "--config", "setup.cfg", "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_module_says_what_it_is(path: Path) -> None:
    """Each module begins with a sentence about itself."""
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_heavy_packages_are_imported_late(path: Path) -> None:
    """No module imports them at its top level."""
    assert not HEAVY & set(imports(ast.parse(path.read_text(encoding="utf-8")).body))


@pytest.mark.parametrize("path", sorted((PACKAGE / "_kernel").glob("*.py")), ids=name)
def test_kernel_has_no_effects(path: Path) -> None:
    """What the kernel does depends on what it is told, and shows in what it returns."""
    assert not IMPURE & set(calls(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_import_hides_from_the_contracts(path: Path) -> None:
    """Imports by computed names are invisible to import-linter.

    Only the package itself and SCOOP's (their submodules, when they are first used), and the runtime
    (the user's program, and what pickles name), have a use for them.
    """
    if path.name == "__init__.py" and path.parent in (PACKAGE, PACKAGE / "_scoop"):
        return
    if path == PACKAGE / "_scoop" / "alias.py" or path.parent == PACKAGE / "_runtime":
        return
    text = path.read_text(encoding="utf-8")
    assert "import_module(" not in text
    assert "__import__(" not in text


STATEMENTS = {
    "package": "import scoop_mpi",
    "calls": "from scoop_mpi import futures, shared, errors",
    "main": "import scoop_mpi.__main__",
    "testing": "import scoop_mpi.testing",
    "launcher": """
        sys.argv[1:] = ["-n", "2", "--dry-run", "README.md"]
        try:
            scoop_mpi.__main__.main()
        except SystemExit:
            print()
    """,
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_start_is_light(statement: str) -> None:
    """Importing the package, or a whole run of the launcher, loads none of the heavy packages."""
    code = "import sys, scoop_mpi.__main__\n" if statement == "launcher" else "import sys\n"
    code += textwrap.dedent(STATEMENTS[statement])
    done = run("-c", f"{code}\nprint(*sys.modules)")
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.splitlines()[-1].split()
    assert "scoop_mpi" in loaded
    assert not HEAVY & set(loaded)
