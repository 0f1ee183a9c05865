"""`python -m scoop_mpi`: start a job, or be one of its ranks if somebody else started it."""

from __future__ import annotations

import os
import sys
import time
from typing import NoReturn

import scoop_mpi
from scoop_mpi._collector import collector_off
from scoop_mpi._launch import cli, output, stdin, terminal
from scoop_mpi._launch.check import check_program
from scoop_mpi._launch.hearing import tell_launcher
from scoop_mpi._launch.help import HELP
from scoop_mpi._launch.place import Place, place_of
from scoop_mpi._launch.problem import LaunchError

_LET_OTHERS_SPEAK_S = 1.0
"""So long the other ranks wait with their end, which may end the root before it has complained."""


def main() -> NoReturn:
    """Run the command line."""
    place = place_of(os.environ)
    try:
        options = cli.parse(sys.argv[1:])
        if options.of_parent:
            from scoop_mpi._runtime.life import bootstrap  # noqa: PLC0415  not for launchers

            bootstrap.serve_parent()
        if options.show is not None:
            _show(options.show)
        if place is None:
            from scoop_mpi._launch.launch import enter, launch  # noqa: PLC0415  not for ranks

            options = enter(options, os.environ)
            check_program(options)
            launch(options)
        else:
            check_program(options)
    except LaunchError as error:
        _complain(error, place)
    _run(options, place)


def _complain(error: LaunchError, place: Place | None) -> NoReturn:
    """Say what is wrong, once on each node, and end this process."""
    if place is None or place.speaks:
        sys.stderr.write(f"scoop_mpi: {error}\n")
        sys.stderr.flush()
    if place is not None and place.rank > 0:
        time.sleep(_LET_OTHERS_SPEAK_S)
    sys.exit(error.code)


def _show(what: str) -> NoReturn:
    sys.stdout.write(HELP if what == "help" else f"scoop_mpi {scoop_mpi.__version__}\n")
    sys.exit(0)


def _run(options: cli.Options, place: Place | None) -> NoReturn:
    """Be a rank: of a job, or all alone."""
    tell_code = None
    if place is not None:
        _mention_other_size(options, place)
        if place.rank == 0 and not options.quiet:
            from scoop_mpi._launch.unseen_slots import warning  # noqa: PLC0415  not for every rank

            sys.stderr.write(warning(os.environ, place))
        tell_code = tell_launcher(os.environ, is_root=place.rank == 0)
        _take_streams(options, place)
    # Only now: neither the launcher nor --help need what a rank needs.
    with collector_off():
        from scoop_mpi._runtime.life import bootstrap  # noqa: PLC0415

        if options.scoop_alias:
            from scoop_mpi._scoop import alias  # noqa: PLC0415  as above

            alias.install()
    bootstrap.main(options, place, tell_code)


def _take_streams(options: cli.Options, place: Place) -> None:
    """Take what the launcher has for its ranks: its input for the root, its output for all."""
    is_root = place.rank == 0
    output.take(os.environ)
    if not terminal.take(os.environ, is_root=is_root):
        stdin.restore(os.environ, is_root=is_root)
    if options.label:
        output.label(place.rank)


def _mention_other_size(options: cli.Options, place: Place) -> None:
    """Tell, once, that whoever started the ranks has said how many there are."""
    said = options.n is not None and place.ranks is not None and options.n != place.ranks
    if said and place.rank == 0 and not options.quiet:
        sys.stderr.write(
            f"scoop_mpi: this job was started with {place.ranks} ranks, so -n {options.n} says "
            "nothing: leave it out, or say it to mpirun.\n"
        )


if __name__ == "__main__":
    main()
