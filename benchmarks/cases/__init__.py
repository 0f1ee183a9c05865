"""The cases: each module measures one thing, and says what scoop_mpi must reach in it.

A module has

    ROWS                    what it adds to the table
    root(pool, **parameters)    runs in the root program; returns {key of a row: value}
    measure(system, repetition) what to start, and how; without it, root() on two workers
    ONLY                    modules of the systems that take part; without it, all
    REPEATS                 at most so many repetitions, where a run repeats enough by itself
"""

import importlib
from dataclasses import dataclass

MODULES = (
    "tiny",
    "round_trip",
    "uneven",
    "one_long",
    "nested",
    "map_reduce",
    "arrays",
    "busy_root",
    "idle",
    "hello",
    "metg",
    "throughput",
    "growth",
)


def load(name):
    """Return the module of a case."""
    return importlib.import_module(f"cases.{name}")


@dataclass(frozen=True)
class Target:
    """What scoop_mpi must reach: judged from the medians of all systems in the same run."""

    text: str
    judge: object
    """`judge(ours, row)` -> bool, or None where there is nothing to compare with."""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    key: str
    title: str
    unit: str = ""
    target: Target | None = None
    higher: bool = False
    """Whether more is better."""
    digits: int = 3
    compared: bool = True
    """Whether a ratio to others says anything."""


def at_most(figure):
    """Return the target of a figure or less."""
    return Target(f"<= {figure:g}", lambda ours, row: ours <= figure)


def at_least(figure):
    """Return the target of a figure or more."""
    return Target(f">= {figure:g}", lambda ours, row: ours >= figure)


def best_peer():
    """Return the target of being no worse than the best peer in the same run."""
    return Target(
        "<= best peer", lambda ours, row: None if row.best is None else row.ratio_best <= 1
    )


def of_limit(part):
    """Return the target of a part of the limit in the same run, where more is better."""
    return Target(
        f">= {part:g} x limit",
        lambda ours, row: None if row.limit is None else ours >= part * row.limit,
    )
