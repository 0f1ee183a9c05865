"""`scoop.utils`: what programs ask of their surroundings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from scoop_mpi._launch import allocation, hostfile, hosts, ranges
from scoop_mpi._launch.files import read_text
from scoop_mpi._scoop import gone

__all__ = [
    "getCPUcount",
    "getEnv",
    "getHosts",
    "getHostsFile",
    "getHostsFromPBS",
    "getHostsFromSGE",
    "getHostsFromSLURM",
    "getWorkerQte",
    "parseSLURM",
]

_COUNTS = ("SLURM_NTASKS", "PBS_NP", "NSLOTS")


def getCPUcount() -> int:  # noqa: N802  SCOOP's name
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0))


def getEnv() -> str:  # noqa: N802  SCOOP's name
    """Return the scheduler whose job this is: "SLURM", "PBS", "SGE", "LSF", "FLUX" or "other"."""
    found = allocation.find(os.environ, read_text)
    return "other" if found is None else found.scheduler.upper()


def getHosts(  # noqa: N802  SCOOP's name
    filename: str | None = None, hostlist: Sequence[str] | None = None
) -> list[tuple[str, int]]:
    """Return hosts and how many workers each is for.

    Those of a file, of a list, of the scheduler, or else this host; 0: as many as it has cores.

    Raises:
        LaunchError: A file or the scheduler's environment cannot be understood.
    """
    if filename is not None:
        return _pairs(hostfile.parse(read_text(filename), filename))
    if hostlist is not None:
        return _pairs(hosts.from_words(hostlist))
    found = allocation.find(os.environ, read_text)
    if found is not None and found.hosts:
        return _pairs(found.hosts)
    return [("127.0.0.1", getCPUcount())]


def getHostsFile(filename: str) -> list[tuple[str, int]]:  # noqa: N802  SCOOP's name
    """Return the hosts of a file."""
    return getHosts(filename)


def getHostsFromSLURM() -> list[tuple[str, int]]:  # noqa: N802  SCOOP's name
    """Return the hosts that the scheduler gave."""
    return getHosts()


getHostsFromPBS = getHostsFromSGE = getHostsFromSLURM  # noqa: N816  SCOOP's names


def getWorkerQte(hosts: Sequence[tuple[str, int]]) -> int:  # noqa: N802  SCOOP's name
    """Return how many workers there are to be: the scheduler's number, or that of the hosts."""
    for name in _COUNTS:
        if os.environ.get(name, "").isdigit():
            return int(os.environ[name])
    return sum(count for _, count in hosts)


def parseSLURM(string: str) -> list[tuple[str, int]]:  # noqa: N802  SCOOP's name
    """Return the hosts of a list such as `node[1-3]`."""
    return [(name, 1) for name in ranges.expand(string)]


def _pairs(found: Sequence[hosts.Host]) -> list[tuple[str, int]]:
    return [(host.name, host.slots or 0) for host in found]


def __getattr__(name: str) -> Any:
    """Say of a name of SCOOP's that is not here what to use instead."""
    raise gone.attribute("scoop.utils", name)
