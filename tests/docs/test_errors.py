"""docs/errors.md has every message of the package, explained, as it stands in the code."""

from __future__ import annotations

import importlib.util
from typing import Any

from tests.conftest import REPOSITORY


def generator(name: str) -> Any:
    """Return a module of docs/generate."""
    path = REPOSITORY / "docs" / "generate" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"docs_generate_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_message_is_explained_once() -> None:
    """A new one needs an entry in docs/generate/errors.toml, beside which it says how."""
    _, wrong = generator("errors").current()
    assert not wrong, "\n".join(
        ["python docs/generate/errors.py --new prints entries for errors.toml:", *wrong]
    )


def test_the_page_is_current() -> None:
    """`python docs/generate/errors.py` has been run since the code changed."""
    text, _ = generator("errors").current()
    page = (REPOSITORY / "docs" / "errors.md").read_text(encoding="utf-8")
    assert page == text, "run: python docs/generate/errors.py"


def test_a_new_message_is_noticed() -> None:
    """The walk over the code sees a text wherever it is raised, said or written."""
    errors = generator("errors")
    entries = {"s": [{"said": "known", "why": "w"}, {"said": "gone", "why": "w"}]}
    wrong = errors.problems(entries, ["known {x}", "scoop_mpi: new"])
    assert wrong == [
        "no message begins so any more: gone",
        "0 entries for the message: scoop_mpi: new",
    ]
