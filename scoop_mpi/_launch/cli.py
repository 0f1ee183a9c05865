"""The command line of `python -m scoop_mpi`, parsed into Options.

Our options end at the program: whatever stands after it is the program's own, byte for byte.
"""

from __future__ import annotations

import getopt
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, cast

from scoop_mpi._launch.problem import UsageError

Mpi = Literal["auto", "openmpi", "mpich"]

HELP = """\
Run a Python program in parallel: one root and many workers, over MPI.

  python -m scoop_mpi [options] [--] program.py [arguments...]
  python -m scoop_mpi [options] -m package.module [arguments...]

How many, and where:
  -n N               number of ranks, the root among them (default: all cores;
                     1 runs the program in this process, without MPI)
How they are started:
  --no-scoop-alias   let "import scoop" find SCOOP instead of scoop_mpi
  --mpi NAME         openmpi, mpich, or auto: the first that is found (default)
  --mpi-args TEXT    more options for mpirun, quoted as in a shell
  --dry-run          print the command that would start the ranks, and stop
What is told:
  -v, --verbose      more of the log; twice for all of it
  -q, --quiet        warnings and errors only
  -h, --help         this page
  -V, --version      the version

Examples:
  python -m scoop_mpi -n 4 examples/pi_monte_carlo.py
  python -m scoop_mpi -n 8 -m package.module --its-own-option
  mpirun -n 4 python -m scoop_mpi program.py       (ranks of your own mpirun)
"""

_SHORT = "n:mvqhV"
_LONG = ["mpi=", "mpi-args=", "dry-run", "verbose", "quiet", "help", "version", "no-scoop-alias"]
_LONG += ["json-args="]  # between the launcher and its ranks


class Options(NamedTuple):
    """What the command line says."""

    program: str | None = None
    """The program's file, as it was typed; or None, where there is a module."""

    module: str | None = None
    """The name after `-m`; or None."""

    args: tuple[str, ...] = ()
    """The program's own arguments."""

    n: int | None = None
    """Number of ranks, the root among them; None: not said."""

    verbose: int = 0
    quiet: bool = False
    mpi: Mpi = "auto"
    mpi_args: tuple[str, ...] = ()
    dry_run: bool = False

    scoop_alias: bool = True
    """Whether `import scoop` finds scoop_mpi."""

    show: Literal["help", "version"] | None = None
    """What to print instead of running anything."""


def parse(argv: Sequence[str]) -> Options:
    """Parse the arguments after `python -m scoop_mpi`.

    Raises:
        UsageError: They make no sense; whether the program exists is not looked at.
    """
    try:
        # getopt stops at the first argument that is no option, and `m` takes no value here:
        # so the module's name stops it, too.
        found, rest = getopt.getopt(list(argv), _SHORT, _LONG)
    except getopt.GetoptError as error:
        raise UsageError(str(error)) from error
    names = [name for name, _ in found]
    if "-h" in names or "--help" in names:
        return Options(show="help")
    if "-V" in names or "--version" in names:
        return Options(show="version")
    values = dict(found)
    if not rest:
        missing = "a module's name after -m" if "-m" in names else "the program to run"
        raise UsageError(f"{missing} is missing")
    is_module = "-m" in names
    return Options(
        program=None if is_module else rest[0],
        module=rest[0] if is_module else None,
        args=_arguments(values.get("--json-args"), rest[1:]),
        n=_number(values["-n"]) if "-n" in values else None,
        verbose=names.count("-v") + names.count("--verbose"),
        quiet="-q" in names or "--quiet" in names,
        mpi=_mpi(values.get("--mpi", "auto")),
        mpi_args=_mpi_args(value for name, value in found if name == "--mpi-args"),
        dry_run="--dry-run" in names,
        scoop_alias="--no-scoop-alias" not in names,
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise UsageError(f"-n takes a number of ranks, 1 or more, not {text!r}")
    return int(text)


def _mpi(text: str) -> Mpi:
    if text not in ("auto", "openmpi", "mpich"):
        raise UsageError(f"--mpi takes openmpi, mpich or auto, not {text!r}")
    return cast(Mpi, text)


def _mpi_args(texts: Iterable[str]) -> tuple[str, ...]:
    import shlex  # noqa: PLC0415  ranks do not need it, and start sooner

    try:
        return tuple(part for text in texts for part in shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--mpi-args is not quoted as in a shell: {error}") from error


# --- what travels from the launcher to its ranks ---------------------------------------------


def rank_argv(options: Options) -> tuple[str, ...]:
    """Return the arguments after `python -m scoop_mpi` that make a rank of the same program."""
    ours = ("-q",) if options.quiet else ("-v",) * options.verbose
    if not options.scoop_alias:
        ours += ("--no-scoop-alias",)
    args = options.args
    if ":" in args:
        import json  # noqa: PLC0415  as above

        # To every mpirun, an argument that is a colon begins the next program.
        ours += ("--json-args", json.dumps(args))
        args = ()
    if options.module is not None:
        return (*ours, "-m", options.module, *args)
    assert options.program is not None
    return (*ours, "--", options.program, *args)


def _arguments(as_json: str | None, plain: Sequence[str]) -> tuple[str, ...]:
    """Return the program's arguments; `--json-args` is what rank_argv writes."""
    if as_json is None:
        return tuple(plain)
    import json  # noqa: PLC0415  as above

    return tuple(json.loads(as_json))
