"""The command line and the environment that carry out a LaunchPlan: what each MPI wants to hear."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import NamedTuple

from scoop_mpi._launch.plan import LaunchPlan


class Command(NamedTuple):
    """What to execute."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    """What is added to the environment."""

    def __str__(self) -> str:
        """The command as one could type it."""
        added = [f"{name}={value}" for name, value in self.environ.items()]
        return shlex.join([*(["env", *added] if added else []), *self.argv])


def make_command(plan: LaunchPlan, environ: Mapping[str, str]) -> Command:
    """Return what starts the ranks; what the user's environment says already is left alone."""
    openmpi = plan.mpirun.family == "openmpi"
    flags = _openmpi_flags(plan) if openmpi else ()
    wanted = _openmpi_environ(plan) if openmpi else {}
    argv = (
        plan.mpirun.path,
        *("-n", str(plan.ranks)),
        *flags,
        *plan.mpi_args,
        *plan.program,
    )
    return Command(argv, {name: text for name, text in wanted.items() if name not in environ})


def _openmpi_flags(plan: LaunchPlan) -> tuple[str, ...]:
    """Let ranks outnumber cores, and go where the kernel puts them.

    Without the second, each rank is bound to one core: the first ranks of two jobs to the same one.
    """
    flags: tuple[str, ...] = ()
    if "--map-by" not in plan.mpi_args:
        flags += ("--map-by", ":OVERSUBSCRIBE")
    if "--bind-to" not in plan.mpi_args:
        flags += ("--bind-to", "none")
    return flags


def _openmpi_environ(plan: LaunchPlan) -> dict[str, str]:
    environ = {
        # On one node: the other layers take a second to find that there is no fabric.
        "OMPI_MCA_pml": "ob1",
        "OMPI_MCA_btl": "^ofi,uct",
        # It does not start without one.
        "HOME": plan.home,
    }
    if plan.as_root:
        environ |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return environ
