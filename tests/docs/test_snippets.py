"""Every program and command of docs/*.md runs as it stands there, or says why it does not.

A comment on the line above a block says what is to be done with it:

    <!-- run: -n 3 -->          run it so; a python block without a comment is run with -n 2
    <!-- run -->                run it: a python block as above, an sh block by bash
    <!-- run: serial -->        run a python block without a launcher
    <!-- run: pytest -->        run it as a file of tests
    <!-- file: name.py -->      put it beside the blocks that follow, under this name
    <!-- prints -->             (a text block) what the block before it prints
    <!-- not run: reason -->    do not

and `<!-- snippets: tests/... -->`, anywhere in a page, that other tests run all of its blocks.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import REPOSITORY, Command, may_name_hosts

LANGUAGES = ("python", "sh")
"""Those that can be run."""

_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*?) -->\n+)?```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_ELSEWHERE = re.compile(r"<!-- snippets: (\S+) -->")


class Block(NamedTuple):
    """A block of a page."""

    page: str
    line: int
    language: str
    mark: str
    text: str
    prints: str | None
    """What it must print, if the page says so."""

    @property
    def runs(self) -> bool:
        """Whether it is to be run."""
        return self.language in LANGUAGES and not self.mark.startswith(("not run:", "file:"))


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = list(_BLOCK.finditer(text))
    blocks = []
    for match, after in zip(found, [*found[1:], None], strict=False):
        prints = after["text"] if after is not None and after["mark"] == "prints" else None
        line = text.count("\n", 0, match.start()) + 1
        name = page.relative_to(REPOSITORY).as_posix()
        block = Block(name, line, match["language"], match["mark"] or "", match["text"], prints)
        blocks.append(block)
    return blocks


PAGES = sorted((REPOSITORY / "docs").glob("*.md"))
ELSEWHERE = {page: _ELSEWHERE.findall(page.read_text(encoding="utf-8")) for page in PAGES}
BLOCKS = [block for page in PAGES if not ELSEWHERE[page] for block in blocks_of(page)]


def name(block: Block) -> str:
    """Return where a block stands, as the name of its test."""
    return f"{Path(block.page).stem}-{block.line}"


@pytest.mark.parametrize("page", [page for page in PAGES if ELSEWHERE[page]], ids=lambda p: p.stem)
def test_pages_that_other_tests_run(page: Path) -> None:
    """Those tests are there, and name the page."""
    for path in ELSEWHERE[page]:
        assert page.name in (REPOSITORY / path).read_text(encoding="utf-8")


def test_no_command_is_left_out() -> None:
    """A block of commands says that it is run, or why not: not all can be, as programs can."""
    unmarked = [name(block) for block in BLOCKS if block.language == "sh" and not block.mark]
    assert not unmarked, "put <!-- run --> or <!-- not run: reason --> above them"
    reasons = [
        block.mark.removeprefix("not run:").strip() for block in BLOCKS if "not run" in block.mark
    ]
    assert all(reasons)


def words(block: Block, file: str) -> list[str]:
    """Return the command that runs a block which stands in a file."""
    how = block.mark.removeprefix("run").removeprefix(":").strip()
    if block.language == "sh":
        return ["bash", "-e", file]
    if how == "serial":
        return [sys.executable, file]
    if how == "pytest":
        return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file]
    return [sys.executable, "-m", "scoop_mpi", *shlex.split(how or "-n 2"), file]


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.runs], ids=name)
def test_it_runs(command: Command, tmp_path: Path, block: Block) -> None:
    """To its end, and prints what the page says."""
    if "--hostfile" in block.text and not may_name_hosts(sys.executable):
        pytest.skip("Open MPI does not quote the path of its own installation for other hosts")
    for other in BLOCKS:
        if other.page == block.page and other.line < block.line and other.mark.startswith("file:"):
            (tmp_path / other.mark.removeprefix("file:").strip()).write_text(other.text)
    file = "snippet.sh" if block.language == "sh" else "test_snippet.py"
    (tmp_path / file).write_text(block.text)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "bin" / "python").chmod(0o755)
    ended = command(*words(block, file), cwd=tmp_path, timeout_s=100, PATH=_path(tmp_path))
    assert ended.status == 0, f"{block.page}, line {block.line}:\n{ended.stdout}{ended.stderr}"
    if block.prints is not None:
        assert ended.stdout == block.prints


def _path(folder: Path) -> str:
    """Return a PATH on which `python` is this interpreter."""
    return f"{folder / 'bin'}:{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
