"""Files that name hosts: read in SCOOP's format, written in that of each MPI."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scoop_mpi._launch import ranges
from scoop_mpi._launch.hosts import Host, is_name, merge
from scoop_mpi._launch.problem import LaunchError

_EXPECTED = "expected a host and perhaps a number, as in: node1 4, node[01-04] 8, node1 slots=4"


def parse(text: str, file: str) -> list[Host]:
    """Return the hosts of a file: a line for each, with a number of ranks.

    The number is the first one after the name (`host 4`, `host worker=4`, `host slots=4`), or stands
    after a colon (`host:4`). Without one it is as many as the host has cores. Names may have ranges
    in brackets; what follows `#` is a comment.

    Args:
        file: Its name, for messages.

    Raises:
        LaunchError: A line makes no sense; the message names it.
    """
    hosts: list[Host] = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if content:
            try:
                hosts += _parse_line(content)
            except ValueError as error:
                raise LaunchError(f"{file}, line {number}: {error}", code=2) from error
    if not hosts:
        raise LaunchError(f"{file} names no host; {_EXPECTED}", code=2)
    return merge(hosts)


def _parse_line(line: str) -> list[Host]:
    head, *rest = line.split(maxsplit=1)
    name, _, after_colon = head.partition(":")
    if not is_name(name):
        raise ValueError(f"{head!r} is not the name of a host; {_EXPECTED}")
    words = [after_colon, *rest]
    rest_of_line = " ".join(words)
    # Open MPI's max_slots may stand in front.
    numbers = re.findall(r"(?<![\w-])slots=(-?\d+)", rest_of_line)
    numbers += re.findall(r"-?\d+", rest_of_line)
    if after_colon and not (after_colon.isascii() and after_colon.isdigit()):
        raise ValueError(f"{head!r}: {after_colon!r} is not a number; {_EXPECTED}")
    if not numbers and rest:
        raise ValueError(f"{rest[0]!r} has no number in it; {_EXPECTED}")
    slots = int(numbers[0]) if numbers else None
    if slots is not None and slots < 1:
        raise ValueError(f"{slots} ranks for {name!r}: it must be 1 or more")
    return [Host(each, slots) for each in ranges.expand(name)]


def for_openmpi(hosts: Sequence[Host]) -> str:
    """Return the file that Open MPI's mpirun reads; without slots it counts the cores itself."""
    return "".join(
        host.name + (f" slots={host.slots}" if host.slots is not None else "") + "\n"
        for host in hosts
    )


def for_mpich(hosts: Sequence[Host]) -> str:
    """Return the file that MPICH's mpirun reads. Without a number it takes one rank a host."""
    return "".join(
        host.name + (f":{host.slots}" if host.slots is not None else "") + "\n" for host in hosts
    )
