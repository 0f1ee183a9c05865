"""What a scheduler gave to this job, as its environment and files tell: pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from scoop_mpi._launch import ranges
from scoop_mpi._launch.hosts import Host, merge
from scoop_mpi._launch.problem import LaunchError

Scheduler = Literal["slurm", "pbs", "sge", "lsf", "flux"]
Read = Callable[[str], str]


class Allocation(NamedTuple):
    """The part of a cluster that a job has."""

    scheduler: Scheduler
    job: str
    hosts: tuple[Host, ...]
    """With as many slots as the job has there. Empty where only the scheduler's own tools know."""

    @property
    def slots(self) -> int | None:
        """How many ranks the job is for; None where that is not known."""
        return sum(host.slots or 0 for host in self.hosts) if self.hosts else None


def find(environ: Mapping[str, str], read: Read) -> Allocation | None:
    """Return the allocation that this process is in, or None.

    Args:
        read: Returns the text of a file.

    Raises:
        LaunchError: The environment says that there is one, and contradicts itself.
    """
    if environ.get("SLURM_JOB_ID") and _nodelist(environ):
        return _slurm(environ)
    if environ.get("PBS_NODEFILE"):
        return _pbs(environ, read)
    if environ.get("PE_HOSTFILE"):
        return _sge(environ, read)
    if environ.get("LSB_JOBID") and any(environ.get(name) for name in _LSF_HOSTS):
        return _lsf(environ, read)
    if environ.get("FLUX_URI"):
        return Allocation("flux", environ.get("FLUX_JOB_ID", "of Flux"), ())
    return None


_LSF_HOSTS = ("LSB_MCPU_HOSTS", "LSB_HOSTS", "LSB_DJOB_HOSTFILE")


def _nodelist(environ: Mapping[str, str]) -> str:
    return environ.get("SLURM_JOB_NODELIST") or environ.get("SLURM_NODELIST") or ""


def _slurm(environ: Mapping[str, str]) -> Allocation:
    """Read Slurm's variables: `node[1-3]` and `2(x2),1`, a number for each node."""
    try:
        names = ranges.expand(_nodelist(environ))
        tasks = ranges.counts(environ.get("SLURM_TASKS_PER_NODE") or f"1(x{len(names)})")
        if len(names) != len(tasks) and environ.get("SLURM_JOB_CPUS_PER_NODE"):
            # A step on some of the job's nodes: its tasks have taken the place of the job's.
            tasks = _tasks_by_cpus(environ)
    except ValueError as error:
        raise LaunchError(f"Slurm's environment cannot be understood: {error}") from error
    if len(names) != len(tasks):
        raise LaunchError(
            f"Slurm's environment contradicts itself: SLURM_JOB_NODELIST has {len(names)} nodes, "
            f"SLURM_TASKS_PER_NODE {len(tasks)}. Was one of them changed in the job script?"
        )
    hosts = [Host(name, number) for name, number in zip(names, tasks, strict=True)]
    return Allocation("slurm", environ["SLURM_JOB_ID"], tuple(hosts))


def _tasks_by_cpus(environ: Mapping[str, str]) -> list[int]:
    """Return how many tasks each node of the job has CPUs for; no step changes these variables."""
    cpus = ranges.counts(environ["SLURM_JOB_CPUS_PER_NODE"])
    each = max(ranges.counts(environ.get("SLURM_CPUS_PER_TASK") or "1")[0], 1)
    return [max(number // each, 1) for number in cpus]


def _pbs(environ: Mapping[str, str], read: Read) -> Allocation:
    """Read PBS's file of nodes: a line for each rank, in OpenPBS as in Torque."""
    lines = _lines("PBS_NODEFILE", environ, read)
    hosts = merge(Host(line.split()[0], 1) for line in lines)
    return Allocation("pbs", environ.get("PBS_JOBID", "of PBS"), tuple(hosts))


def _sge(environ: Mapping[str, str], read: Read) -> Allocation:
    """Read Grid Engine's file: `host slots queue processors`."""
    hosts = []
    for line in _lines("PE_HOSTFILE", environ, read):
        name, slots, *_ = [*line.split(), ""]
        if not _is_count(slots):
            raise LaunchError(
                f"{environ['PE_HOSTFILE']} (PE_HOSTFILE) has the line {line!r}; expected a host and "
                "a number of slots"
            )
        hosts.append(Host(name, int(slots)))
    return Allocation("sge", environ.get("JOB_ID", "of Grid Engine"), tuple(merge(hosts)))


def _lsf(environ: Mapping[str, str], read: Read) -> Allocation:
    """Read LSF's variables: `a 4 b 2`, or `a a a a b b` in older ones, or its file of that."""
    words = environ.get("LSB_MCPU_HOSTS", "").split()
    if words:
        if len(words) % 2 or not all(map(_is_count, words[1::2])):
            raise LaunchError(
                f"LSB_MCPU_HOSTS is {' '.join(words)!r}; expected hosts, a number after each. "
                "Name them by --hostfile"
            )
        hosts = [
            Host(name, int(slots)) for name, slots in zip(words[::2], words[1::2], strict=True)
        ]
    else:
        names = environ.get("LSB_HOSTS", "").split()
        hosts = [Host(name, 1) for name in names or _lines("LSB_DJOB_HOSTFILE", environ, read)]
    return Allocation("lsf", environ["LSB_JOBID"], tuple(merge(hosts)))


def _is_count(word: str) -> bool:
    """Return whether it is a number of 1 or more; isdigit alone lets `²` pass, which int does not."""
    return word.isascii() and word.isdigit() and int(word) > 0


def _lines(variable: str, environ: Mapping[str, str], read: Read) -> list[str]:
    """Return the lines of the file that a variable names; there must be some."""
    path = environ[variable]
    try:
        lines = [line.strip() for line in read(path).splitlines() if line.strip()]
    except OSError as error:
        raise LaunchError(
            f"the scheduler's list of hosts, {path} ({variable}), cannot be read: {error.strerror}. "
            "It is there only on the job's first host; start scoop_mpi there."
        ) from error
    if not lines:
        raise LaunchError(
            f"the scheduler's list of hosts, {path} ({variable}), is empty. Name them by --hostfile"
        )
    return lines
