"""scoop_mpi: a parallel map for clusters, over MPI, with the programming interface of SCOOP.

    from scoop_mpi import futures, shared

    futures     map, submit, mapReduce, ...: calls that run on other ranks
    shared      constants that every rank can read
    random      random numbers that are the same on any number of ranks
    errors      every exception
    Executor    the calls as an executor of `concurrent.futures`
    Pool        the calls as a pool of `multiprocessing`
    start       workers for a process that is running already, such as a notebook
    statistics  what each rank did: calls, messages, bytes, memory, time
    logger      a logger that tells time, rank and host
    testing     the scheduling rules in a virtual cluster, without MPI

    IS_RUNNING      whether a launcher started this process
    IS_ORIGIN       whether this is the rank of the root program
    SIZE            number of ranks
    worker          this rank's name: "host:rank"
    MAIN_MODULE     the program, as it was typed

The last four exist only under a launcher (`python -m scoop_mpi`, `mpirun ... -m scoop_mpi`).

How the inside is layered, from the top: `__main__` and `_launch` start ranks; `futures` and
`shared` are the public calls; `testing` is the virtual cluster; `_runtime` is everything with a
clock, a thread or a message; `_kernel` holds the rules as pure state machines.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging

    from scoop_mpi import errors, futures, random, shared, testing
    from scoop_mpi._runtime.seeing.statistics import statistics
    from scoop_mpi.executor import Executor
    from scoop_mpi.pool import Pool
    from scoop_mpi.workers import start

    IS_ORIGIN: bool
    SIZE: int
    worker: str
    MAIN_MODULE: str
    logger: logging.Logger

__version__ = "0.1.0"

IS_RUNNING = False

_logged_as: tuple[int | None, int] = None, 1
"""Rank and verbosity of the logger, for when it is first used."""

__all__ = [
    "IS_RUNNING",
    "Executor",
    "Pool",
    "__version__",
    "errors",
    "futures",
    "logger",
    "random",
    "shared",
    "start",
    "statistics",
    "testing",
]

_FROM = {"Executor": "executor", "Pool": "pool", "start": "workers"}

_SUBMODULES = frozenset({"errors", "futures", "random", "shared", "testing"})


def __getattr__(name: str) -> Any:
    """Import submodules, and make the logger, when they are first used."""
    if name in _FROM:
        return getattr(importlib.import_module(f"scoop_mpi.{_FROM[name]}"), name)
    if name == "statistics":
        return importlib.import_module("scoop_mpi._runtime.seeing.statistics").statistics
    if name in _SUBMODULES:
        return importlib.import_module(f"scoop_mpi.{name}")
    if name == "logger":
        log = importlib.import_module("scoop_mpi._runtime.life.log")
        globals()["logger"] = log.make_logger(*_logged_as)
        return globals()["logger"]
    raise AttributeError(f"module 'scoop_mpi' has no attribute {name!r}")
