"""Whether there is a program to run: asked by the launcher, and by the ranks of others' mpirun."""

from __future__ import annotations

import os

from scoop_mpi._launch.cli import Options
from scoop_mpi._launch.problem import LaunchError


def check_program(options: Options) -> None:
    """Complain about a program that is not there: once, before any rank starts.

    Of a page or timeline that cannot be written, too: at the job's end it would be too late.
    """
    for name, path in (("--trace", options.trace), ("--report", options.report)):
        if path is not None:
            _check_writable(name, path)
    if options.module is not None:
        _check_module(options.module)
        return
    if options.program is None:  # a prompt, or a look at the ranks
        return
    program = options.program
    is_folder = os.path.isdir(program)
    if is_folder or not os.path.exists(program):
        what = "is a folder, not a program" if is_folder else "does not exist"
        raise LaunchError(f"the program {program!r} {what} (looked in {os.getcwd()})", code=2)
    if not os.access(program, os.R_OK):
        raise LaunchError(f"the program {program!r} cannot be read: permission denied", code=2)


def _check_module(module: str) -> None:
    """Look for its package only: to find what is inside, it would have to be imported."""
    import importlib.machinery  # noqa: PLC0415  a program that is a file needs none of this
    import importlib.util  # noqa: PLC0415

    package = module.partition(".")[0]
    here = importlib.machinery.PathFinder.find_spec(package, [os.getcwd()])
    if here is None and (not package or importlib.util.find_spec(package) is None):
        raise LaunchError(
            f"there is no module {package!r} to run (looked in {os.getcwd()} and sys.path)", code=2
        )


def _check_writable(name: str, path: str) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.access(folder, os.W_OK | os.X_OK):
        what = "is a folder" if os.path.isdir(path) else f"cannot be written: look at {folder}"
        raise LaunchError(f"{name} {path} {what}. Name another file", code=2)
