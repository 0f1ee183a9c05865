"""`python -m scoop_mpi`: start a job, or be one of its ranks if somebody else started it."""

from __future__ import annotations

import os
import sys
import time
from typing import NoReturn

import scoop_mpi
from scoop_mpi._launch import cli, stdin
from scoop_mpi._launch.launch import check_program, launch
from scoop_mpi._launch.place import Place, place_of
from scoop_mpi._launch.problem import LaunchError

_LET_ROOT_SPEAK_S = 2.0
"""So long the other ranks wait with a complaint that the root makes as well, and ends the job by."""


def main() -> NoReturn:
    """Run the command line."""
    place = place_of(os.environ)
    try:
        options = cli.parse(sys.argv[1:])
        if options.show is not None:
            _show(options.show)
        check_program(options)
        if place is None:
            launch(options)
    except LaunchError as error:
        if place is not None and place.rank > 0:
            time.sleep(_LET_ROOT_SPEAK_S)
        sys.stderr.write(f"scoop_mpi: {error}\n")
        sys.exit(error.code)
    _run(options, place)


def _show(what: str) -> NoReturn:
    sys.stdout.write(cli.HELP if what == "help" else f"scoop_mpi {scoop_mpi.__version__}\n")
    sys.exit(0)


def _run(options: cli.Options, place: Place | None) -> NoReturn:
    """Be a rank: of a job, or all alone."""
    if place is not None:
        stdin.restore(os.environ, is_root=place.rank == 0)
    # Only now: neither the launcher nor --help need what a rank needs.
    from scoop_mpi._runtime import bootstrap  # noqa: PLC0415

    bootstrap.main(options, alone=place is None)


if __name__ == "__main__":
    main()
