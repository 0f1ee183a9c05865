"""The command line of `python -m scoop_mpi`, parsed into Options.

Our options end at the program: whatever stands after it is the program's own, byte for byte.

Annotations are evaluated, unlike elsewhere: those of a NamedTuple as texts would be compiled one by
one, when each rank starts.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, cast, get_args

from scoop_mpi._launch.problem import UsageError

Mpi = Literal["auto", "openmpi", "mpich", "intel", "srun"]

_SHORT = "n:mvqhVip:b:e"
_LONG = ["check", "debug", "dry-run", "help", "host", "hosts", "interactive", "label"]
_LONG += ["no-scoop-alias", "profile", "quiet", "rsh", "tunnel", "verbose", "version"]
_LONG += ["backend=", "broker-hostname=", "env=", "external-hostname=", "hostfile=", "json-args="]
_LONG += ["mpi=", "mpi-args=", "nice=", "path=", "prolog=", "python-interpreter=", "pythonpath="]
_LONG += ["ssh-executable=", "of-parent", "retries=", "lost-after="]
_LONG += ["journal=", "stats", "time-left=", "progress", "trace=", "report="]

MOOT = {
    "-b": "there is one Broker, a part of rank 0",
    "-e": "the environment goes to the ranks anyway",
    "--backend": "ranks talk by MPI",
    "--broker-hostname": "the Broker is a part of rank 0, and MPI finds it",
    "--external-hostname": "MPI finds the hosts' addresses itself",
    "--tunnel": "MPI makes its own connections",
}
"""Options of SCOOP that are accepted, and why they do nothing."""


class Options(NamedTuple):
    """What the command line says."""

    program: str | None = None
    """The program's file, as it was typed; or None, where there is a module or a prompt."""

    module: str | None = None
    """The name after `-m`; or None."""

    args: tuple[str, ...] = ()
    """The program's own arguments."""

    n: int | None = None
    """Number of ranks, the root among them; None: not said."""

    hosts: tuple[str, ...] = ()
    """The words after `--host`."""

    hostfile: str | None = None

    path: str | None = None
    """The folder to run in."""

    nice: int | None = None
    pythonpath: str | None = None
    python: str | None = None
    """The interpreter of the ranks; None: the launcher's own."""

    prolog: str | None = None
    """A file for bash to source before each rank starts."""

    env: tuple[tuple[str, str | None], ...] = ()
    """Environment of the ranks: names, and values where they were given."""

    agent: str | None = None
    """What starts something on another host, in place of ssh."""

    verbose: int = 0
    quiet: bool = False
    label: bool = False
    profile: bool = False
    stats: bool = False
    debug: bool = False
    interactive: bool = False
    mpi: Mpi = "auto"
    mpi_args: tuple[str, ...] = ()
    journal: str | None = None
    """The folder that keeps outcomes from run to run; None: none does."""

    time_left: str | None = None
    """Seconds that the job may run, or "auto"; None: nobody knows."""

    retries: int | None = None
    """How often a call is run again whose rank died; None: not said."""

    lost_after: float | None = None
    """Seconds after which a stopped rank is given up; None: not said."""

    progress: bool = False
    trace: str | None = None
    """The file for a timeline, in the format of Chrome's tracing; None: there is none."""

    report: str | None = None
    """The file for a page that shows the run; None: there is none."""

    dry_run: bool = False
    check: bool = False

    of_parent: bool = False
    """Whether this is a worker of `scoop_mpi.start`."""

    scoop_alias: bool = True
    """Whether `import scoop` finds scoop_mpi."""

    moot: tuple[str, ...] = ()
    """Options that were given and do nothing."""

    show: Literal["help", "version"] | None = None
    """What to print instead of running anything."""


def parse(argv: Sequence[str], is_file: Callable[[str], bool] = os.path.isfile) -> Options:
    """Parse the arguments after `python -m scoop_mpi`.

    Args:
        is_file: Tells whether a word after the hosts is the program.

    Raises:
        UsageError: They make no sense; whether the program exists is not looked at.
    """
    found, hosts, rest = _split(argv, is_file)
    names = {name for name, _ in found}
    if names & {"-h", "--help"}:
        return Options(show="help")
    if names & {"-V", "--version"}:
        return Options(show="version")
    values = dict(found)
    is_module = "-m" in names
    options = Options(
        n=_number("-n", values["-n"]) if "-n" in values else None,
        hosts=hosts,
        hostfile=values.get("--hostfile"),
        path=values.get("--path", values.get("-p")),
        nice=_nice(values["--nice"]) if "--nice" in values else None,
        pythonpath=values.get("--pythonpath"),
        python=values.get("--python-interpreter"),
        prolog=values.get("--prolog"),
        env=tuple(_variable(value) for name, value in found if name == "--env"),
        agent=values.get("--ssh-executable", "rsh" if "--rsh" in names else None),
        verbose=sum(name in ("-v", "--verbose") for name, _ in found),
        quiet=bool(names & {"-q", "--quiet"}),
        label="--label" in names,
        profile="--profile" in names,
        stats="--stats" in names,
        debug="--debug" in names,
        interactive=bool(names & {"-i", "--interactive"}),
        mpi=_mpi(values.get("--mpi", "auto")),
        mpi_args=_mpi_args(value for name, value in found if name == "--mpi-args"),
        journal=values.get("--journal"),
        time_left=_time_left(values.get("--time-left")),
        retries=_retries(values["--retries"]) if "--retries" in values else None,
        lost_after=_seconds("--lost-after", values.get("--lost-after")),
        progress="--progress" in names,
        trace=values.get("--trace"),
        report=values.get("--report"),
        dry_run="--dry-run" in names,
        check="--check" in names,
        of_parent="--of-parent" in names,
        scoop_alias="--no-scoop-alias" not in names,
        moot=tuple(name for name in MOOT if name in names),
    )
    _complain_of_contradictions(options)
    if not rest:
        if is_module or not (options.interactive or options.check or options.of_parent):
            raise UsageError(
                f"{'a module name after -m' if is_module else 'the program to run'} is missing"
            )
        return options
    return options._replace(
        program=None if is_module else rest[0],
        module=rest[0] if is_module else None,
        args=_arguments(values.get("--json-args"), rest[1:]),
    )


def _split(
    argv: Sequence[str], is_file: Callable[[str], bool]
) -> tuple[list[tuple[str, str]], tuple[str, ...], list[str]]:
    """Return the options with their values, the hosts, and what starts with the program."""
    if not argv or not argv[0].startswith("-"):
        return [], (), list(argv)
    if argv[0] == "--":
        return [], (), list(argv[1:])
    import getopt  # noqa: PLC0415  it takes its time, and most ranks have no options

    found: list[tuple[str, str]] = []
    hosts: list[str] = []
    rest = list(argv)
    while True:
        before = rest
        try:
            # getopt stops at the first word that is no option, and `m` takes no value here: so a
            # module's name stops it, too, and so do hosts.
            more, rest = getopt.getopt(before, _SHORT, _LONG)
        except getopt.GetoptError as error:
            raise UsageError(str(error)) from error
        found += more
        ended = len(rest) < len(before) and before[len(before) - len(rest) - 1] == "--"
        if not more or more[-1][0] not in ("--host", "--hosts") or ended:
            break
        count = _count_hosts(rest, is_file)
        hosts += rest[:count]
        rest = rest[count:]
        if not count or not rest:
            break
    if any(name in ("--host", "--hosts") for name, _ in found) and not hosts:
        raise UsageError("--host takes at least one host")
    return found, tuple(hosts), rest


def _count_hosts(words: Sequence[str], is_file: Callable[[str], bool]) -> int:
    """Return how many words are hosts: they end at an option, or at a file, which is the program.

    If neither comes, the last word is the program, and the launcher will say that it is missing.
    """
    for position, word in enumerate(words):
        if word.startswith("-") or word.endswith(".py") or is_file(word):
            return position
    return max(0, len(words) - 1)


def _complain_of_contradictions(options: Options) -> None:
    if options.hosts and options.hostfile is not None:
        raise UsageError("--host and --hostfile contradict each other: give one of them")
    if options.time_left is not None and options.journal is None:
        raise UsageError("--time-left needs a --journal, from which the next run goes on")


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise UsageError(f"{name} takes a number of ranks, 1 or more, not {text!r}")
    return int(text)


def _retries(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"--retries takes a number, 0 or more, not {text!r}")
    return int(text)


def _seconds(name: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < float("inf"):
        raise UsageError(f"{name} takes a number of seconds, more than 0, not {text!r}")
    return seconds


def _time_left(text: str | None) -> str | None:
    if text in (None, "auto"):
        return text
    return repr(_seconds("--time-left", text))


def _nice(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise UsageError(f"--nice takes a whole number, -20 to 19, not {text!r}") from error


def _variable(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    if not name.isidentifier() or not name.isascii():
        raise UsageError(f"--env takes NAME or NAME=VALUE, not {text!r}")
    return name, value if equals else None


def _mpi(text: str) -> Mpi:
    known = get_args(Mpi)
    if text not in known:
        raise UsageError(f"--mpi takes one of {', '.join(known)}; not {text!r}")
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
    ours = ["-q"] if options.quiet else ["-v"] * options.verbose
    flags = {
        "--no-scoop-alias": not options.scoop_alias,
        "--profile": options.profile,
        "--stats": options.stats,
        "--debug": options.debug,
        "--label": options.label,
        "--progress": options.progress,
        "--check": options.check,
        "-i": options.interactive,
    }
    ours += [flag for flag, given in flags.items() if given]
    if options.nice is not None:
        ours += ["--nice", str(options.nice)]
    if options.journal is not None:
        ours += ["--journal", options.journal]
    for name, file in (("--trace", options.trace), ("--report", options.report)):
        if file is not None:
            ours += [name, file]
    if options.time_left is not None:
        ours += ["--time-left", options.time_left]
    if options.retries is not None:
        ours += ["--retries", str(options.retries)]
    if options.lost_after is not None:
        ours += ["--lost-after", repr(options.lost_after)]
    args = options.args
    if ":" in args:
        import json  # noqa: PLC0415  as above

        # To every mpirun, an argument that is a colon begins the next program.
        ours += ["--json-args", json.dumps(args)]
        args = ()
    if options.module is not None:
        return (*ours, "-m", options.module, *args)
    if options.program is None:
        return tuple(ours)
    return (*ours, "--", options.program, *args)


def _arguments(as_json: str | None, plain: Sequence[str]) -> tuple[str, ...]:
    """Return the program's arguments; `--json-args` is what rank_argv writes."""
    if as_json is None:
        return tuple(plain)
    import json  # noqa: PLC0415  as above

    return tuple(json.loads(as_json))
