"""The command line: our options end where the program begins, and mistakes are told clearly."""

from __future__ import annotations

import pytest

from scoop_mpi._launch.cli import MOOT, Options, parse, rank_argv
from scoop_mpi._launch.help import HELP
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
        (["-m"], "a module name after -m is missing"),
        (["-i", "-m"], "a module name after -m is missing"),
        (["-n"], "-n requires argument"),
        (["--frobnicate", "prog.py"], "--frobnicate not recognized"),
        (
            ["--mpi", "lam", "prog.py"],
            "--mpi takes one of auto, openmpi, mpich, intel, srun; not 'lam'",
        ),
        (["--mpi-args", "'", "prog.py"], "--mpi-args is not quoted as in a shell"),
        (["--nice", "much", "prog.py"], "--nice takes a whole number"),
        (["--env", "A B=1", "prog.py"], "--env takes NAME or NAME=VALUE"),
        (["--env", "=1", "prog.py"], "--env takes NAME or NAME=VALUE"),
        (["--host"], "--host takes at least one host"),
        (["--host", "-n", "2", "prog.py"], "--host takes at least one host"),
        (["--host", "--", "prog.py"], "--host takes at least one host"),
        (["--host", "prog.py"], "--host takes at least one host"),
        (["--host", "a", "--hostfile", "h", "prog.py"], "contradict each other"),
    ],
)
def test_mistakes_are_told(argv: list[str], complaint: str) -> None:
    """One sentence says what is wrong, a second one where to look."""
    with pytest.raises(UsageError, match=complaint) as refusal:
        parse(argv)
    assert "--help" in str(refusal.value)


@pytest.mark.parametrize(
    ("line", "hosts", "program", "args"),
    [
        ("--host a a b b prog.py x", "a a b b", "prog.py", "x"),
        ("--hosts a b -n 4 prog.py", "a b", "prog.py", ""),
        ("--host a b -- prog x", "a b", "prog", "x"),
        ("--host a b here x", "a b", "here", "x"),
        ("--host a b gone", "a b", "gone", ""),
        ("--host a --host b -v -m package", "a b", None, ""),
        ("-n 2 --hosts node[1-2] here --host x", "node[1-2]", "here", "--host x"),
    ],
)
def test_hosts_end_where_the_program_begins(
    line: str, hosts: str, program: str | None, args: str
) -> None:
    """At an option, at two hyphens, or at the first word that is a file or would be a program."""
    options = parse(line.split(), is_file=lambda word: word == "here")
    assert options.hosts == tuple(hosts.split())
    assert (options.program, options.args) == (program, tuple(args.split()))


def test_every_option_of_scoop_is_known() -> None:
    """What makes no sense any more is taken, and named."""
    line = (
        "--hostfile h --path p --nice 3 --verbose --quiet -n 4 -b 2 -e --rsh --tunnel "
        "--external-hostname x --broker-hostname y --python-interpreter python --pythonpath q "
        "--prolog f --debug --profile --backend ZMQ prog.py"
    )
    options = parse(line.split())
    assert options.moot == tuple(MOOT)
    assert (options.hostfile, options.path, options.nice, options.n) == ("h", "p", 3, 4)
    assert (options.python, options.pythonpath, options.prolog) == ("python", "q", "f")
    assert options.debug and options.profile and options.agent == "rsh"


def test_environment_of_the_ranks() -> None:
    """With a value or, to hand on what is there, without."""
    options = parse(["--env", "A=1 = 2", "--env", "B", "--env=C=", "prog.py"])
    assert options.env == (("A", "1 = 2"), ("B", None), ("C", ""))


def test_a_prompt_needs_no_program() -> None:
    """Nor does a check."""
    assert parse(["-i"]) == Options(interactive=True)
    assert parse(["-n2", "--check"]) == Options(n=2, check=True)


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
        Options(program="a", scoop_alias=False, profile=True, debug=True, nice=-3),
        Options(interactive=True),
        Options(check=True, verbose=1),
    ],
)
def test_a_rank_runs_the_same_program(options: Options) -> None:
    """What the launcher writes for a rank, the rank reads back, byte for byte."""
    argv = rank_argv(options)
    assert parse(argv) == options
    assert ":" not in argv, "mpirun takes it for the start of the next program"


def test_help_fits_a_screen() -> None:
    """No more than a page of 80 by 40, with three examples."""
    lines = HELP.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert HELP.partition("Examples:")[2].count("\n  ") == 3


@pytest.mark.parametrize(
    ("argv", "show"),
    [(["-h"], "help"), (["-n", "4", "--help"], "help"), (["-V"], "version")],
)
def test_help_and_version_need_no_program(argv: list[str], show: str) -> None:
    """They are asked for by themselves."""
    assert parse(argv).show == show
