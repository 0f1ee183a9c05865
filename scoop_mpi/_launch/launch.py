"""What `python -m scoop_mpi` does when nobody started it as a rank: it becomes mpirun."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

from scoop_mpi._launch import stdin
from scoop_mpi._launch.cli import Options
from scoop_mpi._launch.command import make_command
from scoop_mpi._launch.mpirun import find_mpirun
from scoop_mpi._launch.plan import Facts, make_plan, ranks_wanted
from scoop_mpi._launch.problem import LaunchError


def launch(options: Options) -> None:
    """Become mpirun; return only if the program is to run in this very process, alone.

    The process is replaced, so that exit status, signals and terminal are mpirun's own.
    """
    ranks = ranks_wanted(options, cores=len(os.sched_getaffinity(0)))
    if ranks == 1:
        if options.dry_run:
            sys.stdout.write("(one rank: runs in this process, without MPI)\n")
            sys.exit(0)
        return
    command = make_command(make_plan(options, ranks, _facts(options)), os.environ)
    if options.dry_run:
        sys.stdout.write(f"{command}\n")
        sys.exit(0)
    os.environ.update(command.environ)
    stdin.lend(os.environ)
    path = command.argv[0]
    try:
        os.execve(path, command.argv, os.environ)
    except OSError as error:
        raise LaunchError(f"{path} cannot be started: {error.strerror}") from error


def _facts(options: Options) -> Facts:
    return Facts(
        python=sys.executable,
        # What multiprocessing uses for the same purpose; there is no public name for it.
        python_flags=tuple(subprocess._args_from_interpreter_flags()),  # type: ignore[attr-defined]  # noqa: SLF001
        mpirun=find_mpirun(options.mpi, sys.executable, os.environ),
        mpi4py=importlib.util.find_spec("mpi4py") is not None,
        is_root=os.geteuid() == 0,
        home=os.path.expanduser("~"),
    )
