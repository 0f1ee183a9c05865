"""The systems: each module says how one is started, and makes a `Pool` of it.

A module has

    NAME            as the table shows it
    ROLE            "ours", "peer", "limit" (shown with the limits) or "reference"
    NEEDS           what must be importable
    MPI             whether it can run under a second MPI library as well
    ROOT_COMPUTES   whether the root is one of the computing processes
    HELLO           the shortest program: a map over four items, printed
    before(...)     what stands before the program on the command line
    Pool            the operations, on this system
    nested_map      a map from inside a call, where there is such a thing
"""

import importlib
import os

MODULES = (
    "ours",
    "pool",
    "executor",
    "joblib_",
    "mpi4py_futures",
    "scoop_",
    "dask_",
    "ray_",
    "serial",
    "limit",
    "schwimmbad_",
)


def load(name):
    """Return the module of a system."""
    return importlib.import_module(f"systems.{name}")


def nested_map(function, items):
    """Map from inside a call, by whatever system runs this process."""
    return load(os.environ["BENCH_SYSTEM"]).nested_map(function, items)


def mpiexec(python, ranks):
    """Return the start of a command line: the `mpiexec` of that interpreter's environment."""
    beside = os.path.join(os.path.dirname(python), "mpiexec")
    return [beside if os.path.exists(beside) else "mpiexec", "-n", str(ranks)]
