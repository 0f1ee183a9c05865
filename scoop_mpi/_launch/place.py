"""Whether this process is a rank of an MPI job already: its environment tells, before MPI does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SPECIAL_STEPS = 0xFFFFFFF0
"""Slurm numbers from here on are no steps of parallel tasks (batch script, interactive shell)."""


@dataclass(frozen=True, slots=True)
class Place:
    """This process in its job."""

    rank: int
    ranks: int | None
    """How many there should be; None where the environment does not say."""


def place_of(environ: Mapping[str, str]) -> Place | None:
    """Return which rank this process is, or None if nobody started it as one.

    SLURM_NTASKS and SLURM_PROCID alone say nothing: they stand in a job script as well, and in a
    rank of mpirun they are those of its daemon. So mpirun's own variables come first.
    """
    for rank_name, ranks_name in (
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI's mpirun
        ("PMI_RANK", "PMI_SIZE"),  # MPICH's and Intel's mpirun, srun --mpi=pmi2
    ):
        rank, ranks = _number(environ, rank_name), _number(environ, ranks_name)
        if rank is not None and ranks is not None:
            return Place(rank, ranks)
    rank = _number(environ, "PMIX_RANK")  # srun --mpi=pmix
    if rank is not None:
        return Place(rank, _number(environ, "SLURM_STEP_NUM_TASKS"))
    return _place_in_step(environ)


def _place_in_step(environ: Mapping[str, str]) -> Place | None:
    """Return the place in a step of plain `srun`, which sets no variables of MPI."""
    step = _number(environ, "SLURM_STEP_ID")
    if step is None or step >= _SPECIAL_STEPS:
        return None
    if "SLURM_PTY_PORT" in environ:
        return None  # a shell of `srun --pty bash`
    return Place(_number(environ, "SLURM_PROCID") or 0, _number(environ, "SLURM_STEP_NUM_TASKS"))


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
