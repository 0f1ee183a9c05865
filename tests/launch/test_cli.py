"""The command line: our options end where the program begins, and mistakes are told clearly."""

from __future__ import annotations

import pytest

from scoop_mpi._launch.cli import HELP, Options, parse, rank_argv
from scoop_mpi._launch.problem import UsageError

NASTY = (
    *("a b", "'", '"', "$(id)", "`id`", "\\", "a\nb", "", "-n", "7", "--help", "--", "-m", "ünï"),
    *("\udcff", "*", "~", "#", ";", ">f", "%s", "{}", "=", "A=b", "--mpi=x", "\t"),
)
"""Arguments of a program that a shell, an MPI or our own parser might take for theirs."""


def test_program_and_its_arguments() -> None:
    """Options before the program are ours, all after it are its own."""
    options = parse(["-n", "3", "-vv", "prog.py", "-n", "4", "--", "-q"])
    assert options == Options(program="prog.py", args=("-n", "4", "--", "-q"), n=3, verbose=2)


def test_module_and_its_arguments() -> None:
    """The same with -m."""
    options = parse(["-q", "-m", "package.module", "-n", "4", "-m"])
    assert options == Options(module="package.module", args=("-n", "4", "-m"), quiet=True)


def test_two_hyphens_end_our_options() -> None:
    """A program whose name looks like an option can be run."""
    assert parse(["-n2", "--", "-prog.py", "--"]) == Options(program="-prog.py", args=("--",), n=2)


@pytest.mark.parametrize("value", ["0", "-1", "x", "", "1.5", "٣", "1e3"])
def test_number_of_ranks_is_a_positive_whole_number(value: str) -> None:
    """Anything else is refused, quoting what was given."""
    with pytest.raises(UsageError, match="-n takes a number of ranks, 1 or more") as refusal:
        parse(["-n", value, "prog.py"])
    assert repr(value) in str(refusal.value)
    assert refusal.value.code == 2


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        ([], "the program to run is missing"),
        (["-n", "4"], "the program to run is missing"),
        (["-m"], "a module's name after -m is missing"),
        (["-n"], "-n requires argument"),
        (["--frobnicate", "prog.py"], "--frobnicate not recognized"),
        (["--mpi", "lam", "prog.py"], "--mpi takes openmpi, mpich or auto, not 'lam'"),
        (["--mpi-args", "'", "prog.py"], "--mpi-args is not quoted as in a shell"),
    ],
)
def test_mistakes_are_told(argv: list[str], complaint: str) -> None:
    """One sentence says what is wrong, a second one where to look."""
    with pytest.raises(UsageError, match=complaint) as refusal:
        parse(argv)
    assert "--help" in str(refusal.value)


def test_mpi_args_are_split_as_by_a_shell() -> None:
    """What is quoted stays together; repeated options add up."""
    options = parse(["--mpi-args", "-x 'A B'", "--mpi-args=--tag-output", "prog.py"])
    assert options.mpi_args == ("-x", "A B", "--tag-output")


@pytest.mark.parametrize(
    "options",
    [
        Options(program="prog.py", args=NASTY),
        Options(program="-odd name.py", args=(*NASTY, ":"), verbose=2),
        Options(module="package.module", args=NASTY, quiet=True),
        Options(module="package.module", args=(":",)),
    ],
)
def test_a_rank_runs_the_same_program(options: Options) -> None:
    """What the launcher writes for a rank, the rank reads back, byte for byte."""
    argv = rank_argv(options)
    assert parse(argv) == options
    assert ":" not in argv, "mpirun takes it for the start of the next program"


def test_help_fits_a_screen() -> None:
    """No more than a page of 80 by 30, with three examples."""
    lines = HELP.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80
    assert HELP.partition("Examples:")[2].count("\n  ") == 3


@pytest.mark.parametrize(
    ("argv", "show"),
    [(["-h"], "help"), (["-n", "4", "--help"], "help"), (["-V"], "version")],
)
def test_help_and_version_need_no_program(argv: list[str], show: str) -> None:
    """They are asked for by themselves."""
    assert parse(argv).show == show
