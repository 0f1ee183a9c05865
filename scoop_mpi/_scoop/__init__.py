"""SCOOP's package, as its programs see it: under our launcher `import scoop` finds this.

    alias       makes `import scoop` find it
    futures     ours, and what SCOOP's module had beside
    shared, _types, fallbacks, utils, _comm     SCOOP's modules that programs import from
    gone        names that make no sense here, and what to use instead

What describes the run (`IS_RUNNING`, `IS_ORIGIN`, `SIZE`, `worker`, ...) is read from scoop_mpi.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import scoop_mpi
from scoop_mpi._scoop import gone

# The version of SCOOP whose interface this is.
__version__ = "0.7"
__revision__ = "2.0"

DEBUG = False
SHUTDOWN_REQUESTED = False
CONFIGURATION = {"headless": False, "backend": "MPI"}

_OF_THE_RUN = frozenset({"IS_RUNNING", "IS_ORIGIN", "SIZE", "worker", "MAIN_MODULE", "logger"})
_SUBMODULES = frozenset({"_types", "fallbacks", "futures", "shared", "utils"})


def __getattr__(name: str) -> Any:
    """Ask scoop_mpi for what describes the run, and import submodules at first use."""
    if name in _OF_THE_RUN:
        return getattr(scoop_mpi, name)
    if name in _SUBMODULES:
        return importlib.import_module(f"scoop.{name}")
    if name == "WORKING_DIRECTORY":
        return os.getcwd()
    raise gone.attribute("scoop", name)
