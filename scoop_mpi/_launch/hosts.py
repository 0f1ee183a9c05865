"""Hosts and how many ranks each gets: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scoop_mpi._launch import ranges
from scoop_mpi._launch.problem import UsageError

_NAME = re.compile(r"[A-Za-z0-9_.\[\],][A-Za-z0-9_.\[\],-]*")
"""Not with `-` in front: for ssh that is an option."""


class Host(NamedTuple):
    """A host, and how many ranks it is for."""

    name: str
    slots: int | None = None
    """None: as many as it has cores, which only it knows."""


def from_words(words: Iterable[str]) -> list[Host]:
    """Return the hosts of `--host a a node[1-2]`: one rank for each time that a name is given."""
    words = list(words)
    for word in words:
        if word and not is_name(word):
            raise UsageError(
                f"--host: {word!r} is not the name of a host; for two ranks on it name it twice, or "
                "use --hostfile"
            )
    try:
        names = [name for word in words for name in ranges.expand(word)]
    except ValueError as error:
        raise UsageError(f"--host: {error}") from error
    return merge(Host(name, 1) for name in names)


def is_name(text: str) -> bool:
    """Return whether it has only what names of hosts, and brackets in them, are made of."""
    return _NAME.fullmatch(text) is not None


def merge(hosts: Iterable[Host]) -> list[Host]:
    """Add up what is said of the same host more than once; the order of first mention is kept."""
    slots: dict[str, int | None] = {}
    for name, more in hosts:
        known = slots.get(name, 0)
        slots[name] = None if known is None or more is None else known + more
    return [Host(name, number) for name, number in slots.items()]


def distribute(hosts: Sequence[Host], ranks: int) -> list[Host]:
    """Return the hosts with as many slots in all as there are ranks, by SCOOP's rule.

    Too many: taken from the last host, then from the one before it. Too few: one more for each host,
    from the first on, again and again.

    Args:
        hosts: At least one, each with a known number of slots.
    """
    slots = [host.slots or 0 for host in hosts]
    excess = sum(slots) - ranks
    for index in reversed(range(len(slots))):
        taken = min(max(excess, 0), slots[index])
        slots[index] -= taken
        excess -= taken
    for index in range(len(slots)):
        missing = max(-excess, 0)
        slots[index] += missing // len(slots) + (index < missing % len(slots))
    return [Host(host.name, number) for host, number in zip(hosts, slots, strict=True) if number]
