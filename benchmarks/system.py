"""A system as it is run: its module, an interpreter, and how a case is started in it."""

import json
import os
import subprocess
from pathlib import Path

import process
import systems

FOLDER = Path(__file__).resolve().parent

MPI_ENVIRONMENT = {
    # The same for every system: as root, with more ranks than cores, and without the second that
    # Open MPI takes to find that there is no fabric.
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_pml": "ob1",
    "OMPI_MCA_btl": "^ofi,uct",
    "RAY_USAGE_STATS_ENABLED": "0",
}


class System:
    """One column of the table.

    Attributes:
        label: What stands above the column.
        repeats: How many repetitions a case has.
        say: Tells progress.
    """

    def __init__(self, module_name, python, variant, repeats, say):
        self.module_name = module_name
        self.module = systems.load(module_name)
        self.python = python
        self.label = f"{self.module.NAME} ({variant})" if variant else self.module.NAME
        self.root_computes = self.module.ROOT_COMPUTES
        self.repeats = repeats
        self.say = say

    def command(self, workers, program):
        """Return the command line that starts a program on so many computing processes."""
        return [*self.module.before(self.python, workers), program]

    def run(self, case, *, workers=2, limit_s=60, on_mark=None, fails=True, **parameters):
        """Run a case's root program; return its values.

        Args:
            fails: Whether a run without values is an error; else what went wrong is returned.
        """
        environment = self.environment() | {
            "BENCH_SYSTEM": self.module_name,
            "BENCH_CASE": case,
            "BENCH_PARAMETERS": json.dumps({"workers": workers} | parameters),
        }
        command = self.command(workers, str(FOLDER / "root.py"))
        try:
            return process.run(command, environment, limit_s, on_mark)
        except (process.TimedOut, process.Failed) as error:
            if fails:
                raise
            return {"error": f"{type(error).__name__}: {error}"}

    def time(self, command, limit_s=60):
        """Return the wall seconds of a command that says nothing of itself."""
        return process.run(command, self.environment(), limit_s, silent=True)["wall_s"]

    def environment(self):
        """Return what a run finds: our modules, and the interpreter's own mpirun first on PATH."""
        environment = dict(os.environ)
        environment["PATH"] = f"{os.path.dirname(self.python)}:{environment['PATH']}"
        environment["PYTHONPATH"] = f"{FOLDER}:{FOLDER.parent}"
        environment.setdefault("HOME", "/")
        return environment | MPI_ENVIRONMENT


PROBE = """
import importlib.util, json, sys
import machine
print(json.dumps([
    [name for name in sys.argv[1].split(",") if importlib.util.find_spec(name)], machine.versions(),
]))
"""


def probe(python):
    """Return what is importable for an interpreter, and the versions of what is installed."""
    # Peers are installed, and so have their bytecode: so has ours, whatever the environment says.
    ours = [str(FOLDER), str(FOLDER.parent / "scoop_mpi")]
    subprocess.run([python, "-m", "compileall", "-q", *ours], check=True, timeout=120)
    needed = sorted({need for name in systems.MODULES for need in systems.load(name).NEEDS})
    output = subprocess.run(
        [python, "-c", PROBE, ",".join(needed)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(FOLDER)},
    ).stdout
    importable, versions = json.loads(output)
    return set(importable), versions


def find(pythons, wanted, repeats, say):
    """Return the systems that can run, the versions by variant, and what is missing, in words."""
    found, versions, missing = [], {}, []
    for variant, python in pythons.items():
        importable, versions[variant or "default"] = probe(python)
        for name in systems.MODULES:
            module = systems.load(name)
            if (wanted and name.strip("_") not in wanted) or (variant and not module.MPI):
                continue
            lacks = set(module.NEEDS) - importable
            if lacks:
                missing.append(f"{module.NAME}: no {', '.join(sorted(lacks))} in {python}")
            else:
                found.append(System(name, python, variant, repeats, say))
    found.sort(key=lambda system: systems.MODULES.index(system.module_name))
    return found, versions, missing
