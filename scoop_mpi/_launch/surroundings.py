"""What is on this machine and in its environment, and how many cores the hosts have."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence

from scoop_mpi._launch import allocation, hostfile
from scoop_mpi._launch.cli import Options
from scoop_mpi._launch.command import HOSTS_FD, leave_open, make_command
from scoop_mpi._launch.files import read_text
from scoop_mpi._launch.hosts import Host, from_words
from scoop_mpi._launch.mpirun import find_mpirun
from scoop_mpi._launch.plan import Facts, LaunchPlan, make_plan
from scoop_mpi._launch.problem import LaunchError

_PROBE = "import os; print('cores', os.uname().nodename, len(os.sched_getaffinity(0)))"
_PROBE_S = 60.0


def find_facts(options: Options) -> Facts:
    """Look at this machine and at the environment."""
    python = sys.executable if options.python is None else _interpreter(options.python)
    return Facts(
        python=python,
        # What multiprocessing uses for the same purpose; there is no public name for it.
        python_flags=tuple(subprocess._args_from_interpreter_flags()),  # type: ignore[attr-defined]  # noqa: SLF001
        mpirun=find_mpirun(options.mpi, python, os.environ),
        mpi4py=options.python is not None or importlib.util.find_spec("mpi4py") is not None,
        is_root=os.geteuid() == 0,
        home=os.path.expanduser("~"),
        allocation=allocation.find(os.environ, read_text),
        srun=shutil.which("srun"),
        flux=shutil.which("flux"),
        blaunch=shutil.which("blaunch"),
        fabric=any(map(_holds_something, _FABRICS)),
        variables=tuple(_worth_handing_on(os.environ, options)),
    )


_FABRICS = ("/sys/class/infiniband", "/sys/class/cxi", "/sys/class/hfi1")


def _holds_something(folder: str) -> bool:
    try:
        return bool(os.listdir(folder))
    except OSError:
        return False


def _interpreter(python: str) -> str:
    found = shutil.which(python)
    if found is None:
        raise LaunchError(f"--python-interpreter {python}: there is no such program", code=2)
    return os.path.abspath(found)


_OF_THIS_HOST = re.compile(
    r"(BASH_.*|DISPLAY|HOME|HOST|HOSTNAME|LINES|COLUMNS|LOGNAME|MAIL|OLDPWD|PWD|SHELL|SHLVL|TERM|TMP"
    r"|TMPDIR|TEMP|USER|_|XDG_.*|SSH_.*|DBUS_.*|LS_COLORS|SLURM.*|SGE_.*|PE.*|PBS_.*|LSB_.*|LS_.*"
    r"|LSF_.*|FLUX_.*|OMPI_.*|PMI.*|PRTE_.*|HYDR.*|MPI_LOCAL.*|SCOOP_MPI_STDIN)"
)
"""Variables that a login on another host sets itself, or that tell of this one."""


def _worth_handing_on(environ: Mapping[str, str], options: Options) -> Iterable[str]:
    """Yield the variables that ranks on other hosts should have: most, as MPICH and Slurm do."""
    named = {name for name, _ in options.env}
    for name in sorted(environ):
        plain = name.isidentifier() and name.isascii()
        if name in named or (plain and not _OF_THIS_HOST.fullmatch(name)):
            yield name


def find_hosts(options: Options, facts: Facts) -> list[Host]:
    """Return the hosts that the user named; where no number is given, ask them for their cores."""
    if options.hosts:
        return from_words(options.hosts)
    if options.hostfile is None:
        return []
    try:
        text = read_text(options.hostfile)
    except OSError as error:
        raise LaunchError(f"--hostfile {options.hostfile}: {error.strerror}", code=2) from error
    hosts = hostfile.parse(text, options.hostfile)
    unknown = [host for host in hosts if host.slots is None]
    if not unknown:
        return hosts
    cores = _cores_of(unknown, options, facts)
    return [host._replace(slots=cores.get(host.name, host.slots)) for host in hosts]


def _cores_of(hosts: Sequence[Host], options: Options, facts: Facts) -> dict[str, int]:
    """Start one process on each host, through the same mpirun, and have it count its cores."""
    found: dict[str, int] = {}
    for host in hosts:
        plan = make_plan(options, 1, [host._replace(slots=1)], facts)
        plan = plan._replace(program=(facts.python, "-c", _PROBE))
        found[host.name] = _probe(plan, host.name)
    return found


def _probe(plan: LaunchPlan, host: str) -> int:
    command = make_command(plan, os.environ)
    leave_open(command.hosts)
    try:
        answer = subprocess.run(
            command.argv,
            env=os.environ | dict(command.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=[HOSTS_FD],
            timeout=_PROBE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LaunchError(
            f"{host} could not be asked for its cores: {error}. You may say how many ranks it shall have: "
            f"`{host} 4` in the hostfile"
        ) from error
    finally:
        os.close(HOSTS_FD)
    cores = re.search(r"^cores \S+ (\d+)$", answer.stdout, re.MULTILINE)
    if cores is None:
        raise LaunchError(
            f"{host} could not be asked for its cores; {plan.path} said:\n"
            f"{(answer.stdout + answer.stderr).strip()}\n"
            "Can you reach it without a password, and is Python there under the same path? You may "
            f"also say how many ranks it shall have: `{host} 4` in the file."
        )
    return int(cores[1])
