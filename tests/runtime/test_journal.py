"""The journal on disk: what is refused, and that it is left as it was."""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scoop_mpi._kernel.task import Task
from scoop_mpi._runtime.faults.journal import Journal, Known
from scoop_mpi._runtime.values import identity
from scoop_mpi._runtime.values.callables import encode_function
from scoop_mpi._runtime.values.cargo import MapCargo
from scoop_mpi._runtime.values.columns import encode_columns
from scoop_mpi.errors import JournalError


def known(journal: Journal, values: list[Any], serial: int = 1) -> Known:
    """Ask for the outcomes of `abs` over these."""
    columns, calls = encode_columns([values])
    cargo = MapCargo(encode_function(abs, travels=False), columns)
    return journal.known(Task(serial, calls, "abs", cargo), cargo, calls)


def fill(folder: Path) -> None:
    """Keep the outcomes of two calls."""
    journal = Journal(str(folder))
    assert known(journal, [-1, -2, -3]) == []
    journal.arrivals.append((1, 0, 2, False, [1, 2]))
    journal.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a journal that knows abs(-1) and abs(-2)."""
    path = tmp_path / "journal"
    fill(path)
    return path


def test_outcomes_are_found_by_what_their_calls_are(folder: Path) -> None:
    """Not by their place."""
    journal = Journal(str(folder))
    assert known(journal, [-3, -2, -1]) == [(1, 2, ((0, 2),)), (2, 3, ((0, 1),))]
    assert journal.taken == 2
    journal.close()


def test_it_is_for_this_user_alone(folder: Path) -> None:
    """Folder and files."""
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {entry.stat().st_mode & 0o777 for entry in folder.iterdir()} == {0o600}


def damage_head(file: Path) -> None:
    """Put something else in place of the journal."""
    file.write_bytes(b"not a database, but some text" * 10)


def damage_pages(file: Path) -> None:
    """Tear the file."""
    file.write_bytes(file.read_bytes()[:5000] + b"\xff" * 3192)


def damage_rows(file: Path) -> None:
    """Change an outcome."""
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE calls SET outcome = x'80'")


def make_older(file: Path) -> None:
    """Make it one of another version."""
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA user_version = 77")


def make_foreign(file: Path) -> None:
    """Make it the database of another application."""
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA application_id = 1")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_head, "is not a journal"),
        (damage_pages, "is damaged"),
        (damage_rows, "does not match its checksum"),
        (make_older, "is of version 77"),
        (make_foreign, "is not a journal"),
        (lambda file: file.chmod(0o666), "others may write to it"),
        (lambda file: file.parent.chmod(0o777), "others may write to it"),
    ],
)
def test_a_file_that_is_not_sound_is_refused_and_kept(
    folder: Path, damage: Callable[[Path], None], words: str
) -> None:
    """Before anything of it is unpickled."""
    file = folder / "journal.sqlite"
    damage(file)
    before = file.read_bytes()
    with pytest.raises(JournalError, match=words):
        known(Journal(str(folder)), [-1])
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["journal", "journal/journal.sqlite", "journal/lock"])
def test_links_are_not_followed(folder: Path, name: str) -> None:
    """Somebody else may have laid them."""
    path = folder.parent / name
    elsewhere = folder.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(JournalError):
        Journal(str(folder))


def test_two_runs_do_not_use_one_journal(folder: Path) -> None:
    """The second is told who has it; when the first has died, it may have it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        Journal(str(folder))
        os.write(writer, b"!")
        os.read(reader, 0)
        while True:
            os.sched_yield()
    os.read(reader, 1)
    try:
        with pytest.raises(JournalError, match=f"in use by process {child} on "):
            Journal(str(folder))
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    Journal(str(folder)).close()


def test_a_full_disk_leaves_what_was_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is told once; the run goes on, and so does the journal when there is room again."""
    journal = Journal(str(folder))
    known(journal, [-1, -2, -3], 2)
    journal._database.execute("PRAGMA max_page_count = 1")  # noqa: SLF001  no more room
    monkeypatch.setattr("scoop_mpi._runtime.faults.journal._WRITE_EVERY_S", 0.001)
    journal.arrivals.append((2, 2, 3, False, ["x" * 100_000]))
    journal.close()
    assert "cannot be written (database or disk is full)" in capfd.readouterr().err
    again = Journal(str(folder))
    assert len(known(again, [-1, -2, -3], 3)) == 2
    again.close()


# --- identity --------------------------------------------------------------------------------


def make(text: str) -> Callable[[int], int]:
    """Return the function `f` of a program's text."""
    namespace: dict[str, Any] = {"__name__": "a_program"}
    exec(text, namespace)  # noqa: S102  our own text
    function: Callable[[int], int] = namespace["f"]
    return function


PLAIN = "def g(x): return x + 1\nFACTOR = 2\ndef f(x, y=3): return g(x) * FACTOR\n"


@pytest.mark.parametrize(
    "change",
    [("x + 1", "x + 2"), ("FACTOR = 2", "FACTOR = 3"), ("y=3", "y=4"), ("g(x) * F", "g(x) - F")],
)
def test_what_a_function_stands_on_is_part_of_it(change: tuple[str, str]) -> None:
    """The code of what it calls, the values that it names, its defaults."""
    assert identity.of_callable(make(PLAIN)) == identity.of_callable(make("\n\n" + PLAIN))
    assert identity.of_callable(make(PLAIN)) != identity.of_callable(make(PLAIN.replace(*change)))


def test_what_it_holds_is_part_of_a_callable() -> None:
    """Of a partial, of a closure."""

    def add(n: int) -> Callable[[int], int]:
        return lambda x: x + n

    partials = [functools.partial(max, n) for n in (1, 2, 1)]
    for one, other, same in (partials, [add(n) for n in (1, 2, 1)]):
        assert identity.of_callable(one) != identity.of_callable(other)
        assert identity.of_callable(one) == identity.of_callable(same)
