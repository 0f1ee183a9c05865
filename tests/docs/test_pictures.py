"""The pictures of docs/pictures show the code as it is."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from scoop_mpi._kernel.protocol import MESSAGES
from tests.conftest import REPOSITORY


def load() -> Any:
    """Return docs/generate/pictures.py as a module."""
    path = REPOSITORY / "docs" / "generate" / "pictures.py"
    spec = importlib.util.spec_from_file_location("docs_generate_pictures", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", load().PICTURES)
def test_it_is_current(name: str) -> None:
    """`python docs/generate/pictures.py` has been run since the tables changed."""
    picture = Path(REPOSITORY, "docs", "pictures", name).read_text(encoding="utf-8")
    assert picture == load().PICTURES[name](), "run: python docs/generate/pictures.py"


def test_every_message_is_drawn() -> None:
    """Between two lanes."""
    kinds = load().kinds()
    assert all(kind.start != kind.stop and kind.what for kind in kinds.values())
    assert set(kinds) == {kind.__name__ for kind in MESSAGES}
