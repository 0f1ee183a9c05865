"""The index of faults is honest: every row of faults.md names tests, and all of them exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROWS = re.findall(
    r"^\| (?!fault \||---)(.+?) \| (.*) \|$", (TESTS / "faults.md").read_text(), re.MULTILINE
)


def test_the_index_is_read() -> None:
    """All three tables of it."""
    assert len(ROWS) > 20


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_fault_has_its_tests(row: tuple[str, str]) -> None:
    """At least one, and each is a function of the file that is named."""
    named = re.findall(r"`([^`]+)`", row[1])
    assert named
    for test in named:
        file, _, function = test.partition("::")
        tree = ast.parse((TESTS / file).read_text())
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert function in defined, test
