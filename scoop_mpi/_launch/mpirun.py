"""Looks for mpirun, and asks each that it finds which MPI it belongs to."""

from __future__ import annotations

import os
import re
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
    version: int = 5
    """The first number of its version, of Open MPI's; of others it does not matter."""

    intel: bool = False
    """Whether it is Intel's kind of MPICH."""


def find_mpirun(wanted: str, python: str, environ: Mapping[str, str]) -> Mpirun | None:
    """Return the first mpirun of the wanted family, or None.

    Args:
        wanted: "openmpi", "mpich", "intel"; anything else: either.
        python: The interpreter; an MPI that was installed beside it goes before those on PATH,
            because that is the library which mpi4py will load.
        environ: Where PATH is.
    """
    folders = [os.path.dirname(python), *environ.get("PATH", os.defpath).split(os.pathsep)]
    for path in _executables(folders):
        found = _ask(path)
        if found is not None and _is_wanted(found, wanted):
            return found
    return None


def _is_wanted(found: Mpirun, wanted: str) -> bool:
    if wanted == "intel":
        return found.intel
    return wanted not in ("openmpi", "mpich") or wanted == found.family


def _executables(folders: list[str]) -> Iterator[str]:
    for folder in dict.fromkeys(folders):
        if os.path.dirname(folder) == "/":
            # Open MPI looks for its parts beside itself: from /bin, a link to /usr/bin, in vain.
            folder = os.path.realpath(folder)  # noqa: PLW2901  its real name
        for name in _NAMES:
            path = os.path.abspath(os.path.join(folder, name))
            if os.path.isfile(path) and os.access(path, os.X_OK):
                yield path


def _ask(path: str) -> Mpirun | None:
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
    family = next((family for sign, family in _SIGNS.items() if sign in text), None)
    if family is None:
        return None
    number = re.search(r"\(Open MPI\) (\d+)", text)
    return Mpirun(path, family, int(number[1]) if number else 5, "Intel(R) MPI" in text)
