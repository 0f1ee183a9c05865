"""Looks for mpirun, and asks each that it finds which MPI it belongs to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

Family = Literal["openmpi", "mpich"]

_NAMES = ("mpirun", "mpiexec", "mpirun.openmpi", "mpirun.mpich", "mpiexec.hydra")
_SIGNS: dict[str, Family] = {
    "Open MPI": "openmpi",
    "OpenRTE": "openmpi",
    "HYDRA": "mpich",
    "Intel(R) MPI": "mpich",  # made from MPICH, and started alike
}
_ASK_S = 20.0
"""A first start from a network file system may take its time."""


class Mpirun(NamedTuple):
    """An mpirun, and the MPI library it starts programs of."""

    path: str
    family: Family


def find_mpirun(wanted: str, python: str, environ: Mapping[str, str]) -> Mpirun | None:
    """Return the first mpirun of the wanted family, or None.

    Args:
        wanted: "openmpi", "mpich", or "auto" for either.
        python: The interpreter; an MPI that was installed beside it goes before those on PATH,
            because that is the library which mpi4py will load.
        environ: Where PATH is.
    """
    folders = [os.path.dirname(python), *environ.get("PATH", os.defpath).split(os.pathsep)]
    for path in _executables(folders):
        family = _family_of(path)
        if family is not None and wanted in ("auto", family):
            return Mpirun(path, family)
    return None


def _executables(folders: list[str]) -> Iterator[str]:
    for folder in dict.fromkeys(folders):
        for name in _NAMES:
            path = os.path.abspath(os.path.join(folder, name))
            if os.path.isfile(path) and os.access(path, os.X_OK):
                yield path


def _family_of(path: str) -> Family | None:
    try:
        answer = subprocess.run(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASK_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # broken, so as good as not there
    text = answer.stdout.decode(errors="replace")
    return next((family for sign, family in _SIGNS.items() if sign in text), None)
