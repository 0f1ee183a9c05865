"""What `python -m scoop_mpi` does when nobody started it as a rank: it starts mpirun."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import MutableMapping
from typing import NoReturn

from scoop_mpi._launch import output, stdin, terminal
from scoop_mpi._launch.cli import MOOT, Options
from scoop_mpi._launch.command import Command, leave_open, make_command
from scoop_mpi._launch.plan import Facts, describe, make_plan, rank_command, ranks_wanted
from scoop_mpi._launch.problem import LaunchError
from scoop_mpi._launch.supervise import Supervisor
from scoop_mpi._launch.surroundings import find_facts, find_hosts


def launch(options: Options) -> None:
    """Run the job and end as it does; return only if the program is to run here, alone."""
    _mention_moot(options)
    facts = find_facts(options)
    hosts = find_hosts(options, facts)
    ranks = ranks_wanted(options, hosts, facts.allocation, cores=len(os.sched_getaffinity(0)))
    if ranks == 1 and not hosts:
        _run_alone(options, facts)
        return
    plan = make_plan(options, ranks, hosts, facts)
    command = make_command(plan, os.environ)
    if options.dry_run:
        sys.stdout.write(f"{command}\n")
        sys.exit(0)
    if options.verbose:
        sys.stderr.write(f"scoop_mpi: {describe(plan)}\n")
    _run(command, options, several=plan.several)


def _run(command: Command, options: Options, *, several: bool) -> NoReturn:
    environ = os.environ | dict(command.environ)
    prompts = options.interactive and terminal.is_here()
    if not prompts:
        stdin.lend(environ)  # before anything takes the number of one that is closed
        output.lend(environ)
    if command.hosts:
        leave_open(command.hosts)
    supervisor = Supervisor(several=several, warns_root=options.journal is not None)
    environ |= supervisor.environ
    if prompts:
        terminal.run(supervisor, command.argv, environ)
    alone = not several and output.is_lent(environ, 1) and output.is_lent(environ, 2)
    supervisor.start(command.argv, environ, through_us=(1, 2) if alone else (2,))
    supervisor.wait()


def _run_alone(options: Options, facts: Facts) -> None:
    """Prepare this process for being the only rank; return if it can be."""
    if options.dry_run:
        sys.stdout.write("(one rank: runs in this process, without MPI)\n")
        sys.exit(0)
    if options.python is None and options.pythonpath is None and options.prolog is None:
        return
    # These are of use only to a new process: it will not come here, for it is told nothing of them.
    command = rank_command(options, facts)
    start = command.index("scoop_mpi") + 1
    argv = (*command[:start], "-n", "1", *command[start:])
    path = shutil.which(argv[0])
    if path is None:
        raise LaunchError(
            f"{argv[0]} cannot be started: it is not there; --python-interpreter names one"
        )
    os.execve(path, argv, os.environ)


def _mention_moot(options: Options) -> None:
    if options.quiet:
        return
    for option in options.moot:
        sys.stderr.write(f"scoop_mpi: {option} does nothing here: {MOOT[option]}.\n")


def enter(options: Options, environ: MutableMapping[str, str]) -> Options:
    """Go where the program is to run, set its environment, and make paths independent of that.

    Returns:
        The options, with absolute paths.

    Raises:
        LaunchError: The folder is not there.
    """
    absolute = {
        name: os.path.abspath(path)
        for name in ("hostfile", "prolog", "journal", "trace", "report")
        if (path := getattr(options, name)) is not None
    }
    if options.agent is not None and os.sep in options.agent:
        absolute["agent"] = os.path.abspath(options.agent)
    if options.pythonpath is not None:
        paths = [options.pythonpath, environ.get("PYTHONPATH", "")]
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    environ.update({name: value for name, value in options.env if value is not None})
    if options.path is not None:
        try:
            os.chdir(options.path)
        except OSError as error:
            raise LaunchError(f"--path {options.path}: {error.strerror}", code=2) from error
        environ["PWD"] = os.getcwd()
    return options._replace(**absolute)
