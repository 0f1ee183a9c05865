"""What is set in a rank before MPI and numpy are there, unless the user did: it costs nothing."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""What numpy's and others' libraries ask for when they are loaded."""


def prepare(environ: MutableMapping[str, str], *, one_node: bool, local_ranks: int | None) -> None:
    """Prepare the environment of this rank.

    Args:
        one_node: Whether all ranks run on this node.
        local_ranks: How many ranks this node has; None if nobody knows.
    """
    if one_node and "OMPI_COMM_WORLD_SIZE" in environ:
        # Open MPI would spend a second looking for fabrics.
        environ.setdefault("OMPI_MCA_pml", "ob1")
        environ.setdefault("OMPI_MCA_btl", "^ofi,uct")
    if environ.get("OMPI_MCA_mpi_ft_enable"):
        # Else Open MPI answers a crash of the rank with a page of its own (see `crashes`).
        environ.setdefault("OMPI_MCA_opal_signal", "")
    if "PMIX_RANK" in environ and "SLURM_STEP_ID" in environ:
        # Else PyPI's Open MPI tells each rank of srun that it has no part for munge.
        environ.setdefault("PMIX_MCA_psec", "native")
    if local_ranks is not None and local_ranks > 1:
        share_threads(environ, len(os.sched_getaffinity(0)), local_ranks)


def share_threads(environ: MutableMapping[str, str], cores: int, local_ranks: int) -> None:
    """Give this rank's libraries its fair share of the node's cores as threads.

    By themselves each would start one for every core, and the ranks would stand in each other's way.

    Args:
        cores: How many cores this process may run on. A rank that is bound to fewer than the node
            has shares them with others, as far as we know.
    """
    if "OMP_NUM_THREADS" in environ:
        return  # the user's word, which all of them heed
    asked = environ.get("SLURM_CPUS_PER_TASK", "")
    share = int(asked) if asked.isdigit() and int(asked) else max(1, cores // local_ranks)
    for name in _THREADS:
        environ.setdefault(name, str(share))
