"""The command line and the environment that carry out a LaunchPlan: what each MPI wants to hear."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import NamedTuple

from scoop_mpi._launch import hearing, hostfile
from scoop_mpi._launch.plan import LaunchPlan

HOSTS = "/proc/self/fd/101"
"""The file of hosts, for mpirun: memory that the launcher leaves open under this number, so that no
file is left behind, whatever happens."""

HOSTS_FD = 101


class Command(NamedTuple):
    """What to execute."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    """What is added to the environment."""

    hosts: str = ""
    """What HOSTS holds; empty if it is not used."""

    def __str__(self) -> str:
        """The command as one could type it into bash."""
        added = [f"{name}={value}" for name, value in self.environ.items()]
        words = [shlex.quote(word) for word in [*(["env", *added] if added else []), *self.argv]]
        file = f"<(printf %s {shlex.quote(self.hosts)})"
        return " ".join(file if word == HOSTS else word for word in words)


def make_command(plan: LaunchPlan, environ: Mapping[str, str]) -> Command:
    """Return what starts the ranks; what the user's environment says already is left alone."""
    if plan.starter == "srun":
        flags, wanted, hosts = _srun(plan)
    elif plan.starter == "flux":
        flags, wanted, hosts = _flux(plan)
    elif plan.mpirun is not None and plan.mpirun.family == "openmpi":
        flags, wanted, hosts = _openmpi(plan)
    else:
        flags, wanted, hosts = _mpich(plan)
    if plan.allocation is not None and plan.allocation.scheduler == "slurm":
        # In the shell of `srun --pty`, which holds the job's resources, mpirun would wait for ever.
        wanted["SLURM_OVERLAP"] = "1"
    argv = (plan.path, *flags, *plan.mpi_args, *plan.program)
    environ = {name: text for name, text in wanted.items() if name not in environ}
    return Command(argv, environ, hosts)


_Parts = tuple[list[str], dict[str, str], str]
"""Flags, environment, and the file of hosts."""


def _openmpi(plan: LaunchPlan) -> _Parts:
    version = plan.mpirun.version if plan.mpirun else 5
    flags = ["-n", str(plan.ranks)]
    hosts = hostfile.for_openmpi(plan.hosts)
    if hosts:
        flags += ("--hostfile", HOSTS)
    if not _says(plan, "--map-by", "--oversubscribe"):
        # More ranks than cores, or than the scheduler's slots, are the user's decision.
        flags += ("--map-by", "slot:OVERSUBSCRIBE" if plan.several else ":OVERSUBSCRIBE")
    if not _says(plan, "--bind-to"):
        # Else each rank is bound to one core: the first ranks of two jobs to the same one.
        flags += ("--bind-to", "none")
    if version >= 5 and plan.survives and not _says(plan, "--with-ft"):
        # The others go on without a rank that has died. It costs nothing otherwise.
        flags += ("--with-ft", "ulfm")
    if plan.agent is not None:
        kind = ("--prtemca", "plm_ssh_agent") if version >= 5 else ("--mca", "plm_rsh_agent")
        flags += [*kind, plan.agent]
    if plan.several:
        # MPICH hands on the whole environment by itself; Open MPI what it is told to.
        flags += [word for name in plan.variables for word in ("-x", name)]
        flags += ("-x", hearing.VARIABLE)
    # It does not start without a home folder.
    environ = {"HOME": plan.home}
    if plan.several:
        environ[hearing.VARIABLE] = ""  # the launcher fills it in
    if version >= 5:
        # Else it may print a warning about a pipe of a rank that has died.
        environ["EVENT_NOEPOLL"] = "1"
    if not plan.several:
        # The other layers take a second to find that there is no fabric.
        environ |= {"OMPI_MCA_pml": "ob1", "OMPI_MCA_btl": "^ofi,uct"}
    if plan.as_root:
        environ |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return flags, environ, hosts


def _mpich(plan: LaunchPlan) -> _Parts:
    """MPICH's mpirun, and Intel's, which was made from it."""
    flags = ["-n", str(plan.ranks)]
    hosts = hostfile.for_mpich(plan.hosts)
    intel = plan.mpirun is not None and plan.mpirun.intel
    if hosts:
        flags += ("-f", HOSTS)
    if plan.agent is not None:
        # Both call the first option `launcher`; Intel documents it as `bootstrap`.
        flags += ("-launcher", "rsh" if plan.agent == "rsh" else "ssh")
        flags += ("-launcher-exec", plan.agent)
    # Intel's binds each rank, which is as bad as with Open MPI.
    return flags, ({"I_MPI_PIN": "0"} if intel else {}), hosts


def _srun(plan: LaunchPlan) -> _Parts:
    family = plan.mpirun.family if plan.mpirun else "openmpi"
    # A rank's end by anything but success ends the job: with PMI2 Slurm would let the others hang.
    flags = ["-n", str(plan.ranks), "--kill-on-bad-exit=1"]
    if not _says(plan, "--mpi"):
        flags += ("--mpi=pmix" if family == "openmpi" else "--mpi=pmi2",)
    if plan.hosts:
        flags += ("--nodelist", ",".join(host.name for host in plan.hosts))
    return flags, {}, ""


def _flux(plan: LaunchPlan) -> _Parts:
    flags = ["run", "-n", str(plan.ranks)]
    if plan.mpirun is not None and plan.mpirun.family == "openmpi":
        flags += ("-o", "pmi=pmix")
    return flags, {}, ""


def _says(plan: LaunchPlan, *options: str) -> bool:
    """Return whether the user gave one of these options himself."""
    given = {word.partition("=")[0] for word in plan.mpi_args}
    return not given.isdisjoint(options)


def leave_open(hosts: str) -> None:
    """Keep the file of hosts open, in memory, under the number that mpirun is told."""
    file = os.memfd_create("hosts")
    os.write(file, hosts.encode())
    os.dup2(file, HOSTS_FD, inheritable=True)
    os.close(file)
