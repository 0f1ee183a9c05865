"""A program written for SCOOP runs unchanged: it finds its names, and what it leans on holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Command

from .conftest import PROGRAMS, Scoop

SIZES = [1, 2, 3]


@pytest.mark.parametrize("ranks", SIZES)
def test_every_name_leads_to_ours(scoop: Scoop, ranks: int) -> None:
    """Or says what to use instead, where it makes no sense any more."""
    ended = scoop("names.py", str(ranks), ranks=ranks)
    assert (ended.status, ended.stdout) == (0, "all found\n"), ended.stderr
    assert ended.stderr.count("\n") == 1 and "WARNING told by SCOOP's name" in ended.stderr


@pytest.mark.parametrize("ranks", SIZES)
def test_what_programs_lean_on_holds(scoop: Scoop, ranks: int) -> None:
    """Eager maps, zip's rule, modules imported once, constants that are freed and set anew, ..."""
    ended = scoop("leans_on.py", "an argument", "--flag", ranks=ranks)
    assert (ended.status, ended.stdout, ended.stderr) == (0, "all as before\n", "")


def test_outside_a_launcher(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """The names that only a launcher's programs have are not there, as programs expect."""
    ended = command(mpi_python, PROGRAMS / "outside.py", cwd=tmp_path)
    assert ended.stdout == "False []\n", ended.stderr


@pytest.mark.parametrize("ranks", [1, 2])
def test_ours_is_found_even_if_scoop_is_installed(
    command: Command, mpi_python: str, tmp_path: Path, ranks: int
) -> None:
    """`--no-scoop-alias` leaves `import scoop` to what is installed, on every rank."""
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "scoop.py").write_text("whose = 'its own'\n")
    launch = [mpi_python, "-m", "scoop_mpi", "-n", str(ranks)]
    which = PROGRAMS / "which.py"
    path = {"PYTHONPATH": str(tmp_path / "installed")}
    assert command(*launch, which, cwd=tmp_path, **path).stdout == "scoop_mpi's\n"
    off = [*launch, "--no-scoop-alias", which]
    assert command(*off, cwd=tmp_path, **path).stdout == "its own\n"
