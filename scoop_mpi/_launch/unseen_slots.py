"""Notices that the user's own mpirun did not see the scheduler, and filled the first host only."""

from __future__ import annotations

from collections.abc import Mapping

from scoop_mpi._launch.hearing import VARIABLE as FROM_OUR_LAUNCHER
from scoop_mpi._launch.place import Place
from scoop_mpi._launch.problem import LaunchError

_RELIABLE = ("PE_HOSTFILE", "PBS_NODEFILE", "LSB_MCPU_HOSTS")
"""Slurm's variables say, in a rank of mpirun, what belongs to mpirun's daemon."""


def warning(environ: Mapping[str, str], place: Place) -> str:
    """Return what to tell the user; empty if all is well, or nothing is known.

    Args:
        place: That of rank 0.
    """
    if FROM_OUR_LAUNCHER in environ or not any(name in environ for name in _RELIABLE):
        return ""
    from scoop_mpi._launch import allocation  # noqa: PLC0415  costs start-up time, and most need it not
    from scoop_mpi._launch.files import read_text  # noqa: PLC0415  as above

    try:
        found = allocation.find(environ, read_text)
    except LaunchError:
        return ""  # this rank is not where the scheduler's file is
    if found is None or found.slots is None or place.ranks is None or place.ranks >= found.slots:
        return ""
    if len(found.hosts) == 1 or place.local_ranks != place.ranks:
        return ""
    return (
        f"scoop_mpi: the job has {found.slots} slots on {len(found.hosts)} hosts, but mpirun started "
        f"{place.ranks} ranks, all on this one: it does not see {found.scheduler}. Leave it to us, "
        "by: python -m scoop_mpi program.py; or give it --hostfile.\n"
    )
