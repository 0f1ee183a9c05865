"""mpirun is looked for beside the interpreter, then on PATH, and asked which MPI it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoop_mpi._launch.mpirun import Mpirun, find_mpirun

SAYS = {
    "openmpi": "mpirun (Open MPI) 5.0.11",
    "openmpi-4": "mpirun (Open MPI) 4.1.4",
    "mpich": "HYDRA build details:\n    Version: 5.0.2",
    "intel": "Intel(R) MPI Library for Linux* OS, Version 2021.18",
}


def install(folder: Path, says: str, name: str = "mpirun") -> str:
    """Make a folder with an mpirun that answers `--version` so."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("who", SAYS)
def test_family_is_known_from_the_answer(who: str, tmp_path: Path) -> None:
    """Each MPI's own words."""
    path = install(tmp_path / "a folder", SAYS[who])
    family = "openmpi" if who.startswith("openmpi") else "mpich"
    version = 4 if who == "openmpi-4" else 5
    found = find_mpirun("auto", "/nowhere/python", {"PATH": str(tmp_path / "a folder")})
    assert found == Mpirun(path, family, version, intel=who == "intel")  # type: ignore[arg-type]


def test_the_one_beside_the_interpreter_goes_first(tmp_path: Path) -> None:
    """mpi4py loads the library of its own environment, so the mpirun must be of the same one."""
    beside = install(tmp_path / "venv", SAYS["openmpi"])
    install(tmp_path / "system", SAYS["mpich"])
    environ = {"PATH": str(tmp_path / "system")}
    found = find_mpirun("auto", str(tmp_path / "venv" / "python"), environ)
    assert found == Mpirun(beside, "openmpi")


def test_the_wanted_family_is_searched_for(tmp_path: Path) -> None:
    """Further on in PATH, and under the names that distributions give them."""
    install(tmp_path / "one", SAYS["openmpi"])
    path = install(tmp_path / "two", SAYS["mpich"], "mpirun.mpich")
    environ = {"PATH": f"{tmp_path / 'one'}:{tmp_path / 'two'}"}
    assert find_mpirun("mpich", "/nowhere/python", environ) == Mpirun(path, "mpich")
    assert find_mpirun("intel", "/nowhere/python", environ) is None
    path = install(tmp_path / "two", SAYS["intel"], "mpiexec.hydra")
    found = find_mpirun("intel", "/nowhere/python", environ)
    assert found == Mpirun(path, "mpich", intel=True)


def test_what_does_not_answer_is_passed_over(tmp_path: Path) -> None:
    """A broken mpirun, or a program of that name that is no MPI's, does not stop the search."""
    install(tmp_path / "one", "a game about running")
    (tmp_path / "one" / "mpiexec").mkdir()
    (tmp_path / "one" / "mpiexec.hydra").write_bytes(b"\x7fELF but broken")
    (tmp_path / "one" / "mpiexec.hydra").chmod(0o755)
    environ = {"PATH": f"{tmp_path / 'one'}:/no/such/folder:"}
    assert find_mpirun("auto", "/nowhere/python", environ) is None
