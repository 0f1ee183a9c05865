"""Whether this process is a rank of an MPI job already: its environment tells, before MPI does."""

from collections.abc import Mapping
from typing import NamedTuple

_SPECIAL_STEPS = 0xFFFFFFF0
"""Slurm numbers from here on are no steps of parallel tasks (batch script, interactive shell)."""


class Place(NamedTuple):
    """This process in its job."""

    rank: int
    ranks: int | None
    """How many there should be; None where the environment does not say."""

    local: int | None = None
    """Its number among the ranks of its node; None where the environment does not say."""

    local_ranks: int | None = None
    """How many ranks its node has; None where the environment does not say."""

    @property
    def speaks(self) -> bool:
        """Whether it tells what is wrong with its node: one rank does, not all."""
        return self.rank == 0 or self.local == 0


def place_of(environ: Mapping[str, str]) -> Place | None:
    """Return which rank this process is, or None if nobody started it as one.

    SLURM_NTASKS and SLURM_PROCID alone say nothing: they stand in a job script as well, and in a
    rank of mpirun they are those of its daemon. So mpirun's own variables come first.
    """
    # Open MPI's mpirun
    rank, ranks = _number(environ, "OMPI_COMM_WORLD_RANK"), _number(environ, "OMPI_COMM_WORLD_SIZE")
    if rank is not None and ranks is not None:
        return Place(
            rank,
            ranks,
            _number(environ, "OMPI_COMM_WORLD_LOCAL_RANK"),
            _number(environ, "OMPI_COMM_WORLD_LOCAL_SIZE"),
        )
    # MPICH's and Intel's mpirun, srun --mpi=pmi2
    rank, ranks = _number(environ, "PMI_RANK"), _number(environ, "PMI_SIZE")
    slurm_local = _number(environ, "SLURM_LOCALID")
    if rank is not None and ranks is not None:
        local, local_ranks = (
            _number(environ, "MPI_LOCALRANKID"),
            _number(environ, "MPI_LOCALNRANKS"),
        )
        if local is None:
            return Place(rank, ranks, slurm_local, _tasks_of_node(environ))
        return Place(rank, ranks, local, local_ranks)
    # srun --mpi=pmix
    rank = _number(environ, "PMIX_RANK")
    if rank is not None:
        ranks = _number(environ, "SLURM_STEP_NUM_TASKS")
        return Place(rank, ranks, slurm_local, _tasks_of_node(environ))
    return _place_in_step(environ)


def _place_in_step(environ: Mapping[str, str]) -> Place | None:
    """Return the place in a step of plain `srun`, which sets no variables of MPI."""
    step = _number(environ, "SLURM_STEP_ID")
    if step is None or step >= _SPECIAL_STEPS:
        return None
    task = _number(environ, "SLURM_PROCID") or 0
    if "SLURM_PTY_PORT" in environ and task == 0:
        return None  # a shell of `srun --pty bash`; its other tasks have no terminal, and no shell
    return Place(
        task,
        _number(environ, "SLURM_STEP_NUM_TASKS"),
        _number(environ, "SLURM_LOCALID"),
        _tasks_of_node(environ),
    )


def _tasks_of_node(environ: Mapping[str, str]) -> int | None:
    """Return how many tasks of a step of `srun` this node has: "2(x3),1" tells it of each node."""
    node = _number(environ, "SLURM_NODEID")
    if node is None:
        return None
    for part in environ.get("SLURM_STEP_TASKS_PER_NODE", "").split(","):
        tasks, _, times = part.rstrip(")").partition("(x")
        if not tasks.isdigit() or not (times or "1").isdigit():
            return None
        node -= int(times or 1)
        if node < 0:
            return int(tasks)
    return None


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
