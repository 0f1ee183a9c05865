"""Settings of Sphinx: `python -m sphinx -W --keep-going -n docs docs/_build`."""

from __future__ import annotations

import re
import tomllib
import warnings
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]

# Sphinx looks at `shared.elements`, which asks for the constants, as a program without a launcher.
warnings.filterwarnings("ignore", message="This program was not started")

project = "scoop_mpi"
author = copyright = "The scoop_mpi authors"  # noqa: A001  Sphinx's name
release = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "generate"]
html_theme = "furo"
html_title = f"scoop_mpi {release}"
default_role = "code"
pygments_style = "default"

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_mock_imports = ["joblib"]
nitpicky = True
# Types of other packages and of the standard library, which have pages of their own elsewhere; type
# variables; and what users get but never make.
nitpick_ignore_regex = [
    (
        "py:.*",
        r"(collections|concurrent|multiprocessing|contextlib|logging|numpy|os|pathlib|types|typing)\..*",
    ),
    ("py:.*", r"(.*\.)?[PRT](\.args|\.kwargs)?"),
    ("py:.*", r"(str|int|float|bool|bytes|list|dict|set|tuple|None|object|type|property|optional)"),
    ("py:.*", r"[A-Z][A-Za-z]*(Error|Exception|Exit|Interrupt)"),
    ("py:.*", r"(Any|Callable|Iterable|Iterator|Mapping|MutableMapping|Generator|Self|PathLike)"),
    ("py:.*", r"scoop_mpi\.(.*\.)?_.*|scoop_mpi\.testing\.(costs|story)\..*"),
    ("py:.*", r"Task|Loop|Once|Rank|Steps|Story|Worker|Broker|Costs|Function"),
]

_ELSEWHERE = re.compile(r"\[([^\]]+)\]\((\.\./[^)]+)\)")


def _show_path(_: Any, __: str, source: list[str]) -> None:
    """Name files outside of docs/, to which a page on the repository's site would link."""
    source[0] = _ELSEWHERE.sub(lambda found: f"{found[1]} (`{found[2][3:]}`)", source[0])


def _mark_code(_: Any, __: str, name: str, ___: Any, ____: Any, lines: list[str]) -> None:
    """Make code of indented blocks, and of drawings: docstrings here are written to be read as text."""
    found: list[str] = []
    code = False
    for number, line in enumerate(lines):
        indented = line.startswith("    ")
        before = lines[number - 1] if number else ""
        if indented and not code and not before.strip():
            found += ["::", ""]
            code = True
        elif line.strip() and not indented:
            code = False
        found.append(line)
    lines[:] = found
    _as_written[name] = found


_as_written: dict[str, list[str]] = {}


def _leave_attributes(_: Any, what: str, name: str, ___: Any, ____: Any, lines: list[str]) -> None:
    """Undo what napoleon does to the sentence of an attribute: what stands before a colon is no type."""
    if what in ("attribute", "data", "property"):
        lines[:] = _as_written[name]


def setup(app: Any) -> None:
    """Connect what is above."""
    app.connect("source-read", _show_path)
    app.connect("autodoc-process-docstring", _mark_code, priority=400)
    app.connect("autodoc-process-docstring", _leave_attributes, priority=600)
