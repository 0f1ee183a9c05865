"""From a started process to a running rank, and from the program's end to an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import Any, NoReturn, Protocol

import scoop_mpi
from scoop_mpi._kernel.protocol import BROKER, Ready, Send
from scoop_mpi._runtime import doorbell, here, outcomes, unseen
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.program import WORKER_NAME, Program
from scoop_mpi._runtime.stderr import say
from scoop_mpi._runtime.transport import Alone, Mpi
from scoop_mpi.errors import UnguardedProgram

GUARD = """\
scoop_mpi: {program} calls {caller}() while it is imported ({place}).

Every rank imports the program, so what shall run once, on the root, must stand under a guard:

    if __name__ == "__main__":
        main()
"""


class Options(Protocol):
    """What the command line says, as far as a rank needs it."""

    @property
    def program(self) -> str | None: ...
    @property
    def module(self) -> str | None: ...
    @property
    def args(self) -> tuple[str, ...]: ...
    @property
    def verbose(self) -> int: ...
    @property
    def quiet(self) -> bool: ...


class Place(Protocol):
    """Which rank of how many the launcher says that this process is."""

    @property
    def rank(self) -> int: ...
    @property
    def ranks(self) -> int | None: ...


def main(options: Options, place: Place | None) -> NoReturn:
    """Be a rank: run the program, or serve it, and exit.

    Args:
        place: What the launcher says; None if this process is a job of its own, without MPI.
    """
    sys.exit(_run_alone(options) if place is None else _run_rank(options, place))


def _run_alone(options: Options) -> int:
    loop = Loop(Alone())
    program = _enter(options, loop)
    here.install(loop)
    return _run_root(program, loop)


def _run_rank(options: Options, place: Place) -> int:
    _prepare_mpi()
    from scoop_mpi._runtime.ending import Ending  # noqa: PLC0415  not needed by a rank alone

    transport = Mpi()
    if transport.ranks != (place.ranks or transport.ranks):
        _complain_of_launcher(transport, place)
        return 1
    loop = Loop(transport)
    if loop.ranks > 1 and _on_one_node(loop.ranks):
        _hang_doorbell(loop, transport)
    program = _enter(options, loop)
    if loop.ranks == 1:
        here.install(loop)
        return _run_root(program, loop)
    ending = Ending(loop, transport)
    if transport.threads:
        ending.ticker.start()
    elif loop.rank == BROKER:
        say(
            "scoop_mpi: this MPI gives no MPI_THREAD_MULTIPLE, so a rank serves the others only "
            "between calls."
        )
    if loop.rank == BROKER:
        here.install(loop)
        try:
            code = _run_root(program, loop)
            _await_threads()
            ending.finish(code)
        except BaseException as error:  # a bug of ours, or Ctrl-C while the job ends
            ending.crashed(error)
        # What the program registered with `atexit` is still to run, and may call anything.
        here.install(Loop(Alone()))
        return code
    # Ctrl-C is the root's: it ends the program, and the program's end ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import_on_worker(program, loop, ending)
    try:
        loop.serve()
    except BaseException as error:  # a bug of ours, or a signal handler of the program's
        ending.report_and_wait(
            f"scoop_mpi: {loop.where} failed outside of any call:\n{outcomes.format_error(error)}"
        )
    ending.leave()
    raise AssertionError("a rank that left went on")


def _complain_of_launcher(transport: Mpi, place: Place) -> None:
    """Tell once that the launcher and mpi4py use different MPI libraries.

    Each rank would believe that it is alone, and all of them would run the program.
    """
    if place.rank == 0:
        say(
            f"scoop_mpi: {place.ranks} ranks were started, but this one's MPI sees "
            f"{transport.ranks}: the launcher belongs to another MPI than the one that mpi4py "
            f"uses here ({transport.library}). Start the program by that library's own mpirun, or "
            "by: python -m scoop_mpi -n N program.py"
        )


def _prepare_mpi() -> None:
    """Set what costs nothing and starts faster, unless the user did."""
    environ = os.environ
    local = environ.get("OMPI_COMM_WORLD_LOCAL_SIZE")
    if local is not None and local == environ.get("OMPI_COMM_WORLD_SIZE"):
        # One node: Open MPI would spend a second looking for fabrics.
        environ.setdefault("OMPI_MCA_pml", "ob1")
        environ.setdefault("OMPI_MCA_btl", "^ofi,uct")


def _on_one_node(ranks: int) -> bool:
    """Return whether the launcher says that all ranks run on this node."""
    local = os.environ.get("OMPI_COMM_WORLD_LOCAL_SIZE") or os.environ.get("MPI_LOCALNRANKS")
    return local == str(ranks)


def _hang_doorbell(loop: Loop, transport: Mpi) -> None:
    """Let the ranks of this node wake each other; where that fails anywhere, they nap instead."""
    folder = ""
    if loop.rank == BROKER:
        with contextlib.suppress(OSError):
            folder = doorbell.new_folder()
    folder = transport.from_root(folder)
    if folder:
        with contextlib.suppress(OSError):
            loop.bell = doorbell.Doorbell(folder, loop.rank, loop.ranks)


def _enter(options: Options, loop: Loop) -> Program:
    """Make this process look as `python program.py` would, and tell the package what it is."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)
    package: Any = scoop_mpi
    package.IS_RUNNING = True
    package.IS_ORIGIN = loop.rank == BROKER
    package.SIZE = loop.ranks
    package.worker = loop.name
    package.MAIN_MODULE = options.program or options.module
    verbosity = 0 if options.quiet else 1 + options.verbose
    package._logged_as = loop.rank, verbosity  # noqa: SLF001  it is our own package
    program = Program(options.program, options.module)
    first = program.file if options.module else program.typed
    sys.argv = [first, *options.args]
    return program


# --- the root --------------------------------------------------------------------------------


def _run_root(program: Program, loop: Loop) -> int:
    """Run the program as `__main__`, and return its exit code."""
    try:
        program.run(program.load("__main__"))
        loop.run_callbacks()
    except SystemExit as end:
        return _exit_code(end)
    except BaseException as error:  # whatever ends the program ends the job
        with loop.speaking:
            loop.told = outcomes.last_words(error)
            known = loop.told in loop.said
        if not known:
            _print_traceback(error)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    finally:
        unseen.report(loop)
    return 0


def _await_threads() -> None:
    """Wait for the program's own threads, as Python does at a program's end.

    Here already, for they may still call us.
    """
    with contextlib.suppress(KeyboardInterrupt):
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  as multiprocessing does


def _exit_code(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    say(str(end.code))
    return 1


def _print_traceback(error: BaseException) -> None:
    """Print a traceback as `python program.py` would: without our frames."""
    error = outcomes.user_part(error)
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except BaseException:  # a hook of the program's own, which failed
        say(outcomes.format_error(error))


# --- the other ranks -------------------------------------------------------------------------


def _import_on_worker(program: Program, loop: Loop, ending: Any) -> None:
    """Import the program; a failure is told once, by rank 0, and ends the job."""

    def refuse(caller: str) -> None:
        place = _place_in(program)
        ending.report_and_wait(GUARD.format(program=program.typed, caller=caller, place=place))
        raise UnguardedProgram

    here.importing = refuse
    try:
        program.run(program.load(WORKER_NAME))
    except SystemExit as end:
        ending.report_and_wait(
            f"scoop_mpi: {program.typed} ends itself (exit {end.code}) when it is imported on "
            f'{loop.where}. Put what shall run once under: if __name__ == "__main__":'
        )
    except BaseException as error:  # an import may raise anything
        text = outcomes.format_error(error)
        ending.report_and_wait(
            f"scoop_mpi: the program cannot be imported on {loop.where}:\n{text}"
        )
    here.importing = None
    here.install(loop)
    with loop.lock:
        loop.perform([Send(BROKER, Ready())])


def _place_in(program: Program) -> str:
    """Return the line of the program that is being run."""
    frame = sys._getframe()  # noqa: SLF001  the documented way to look up the stack
    while frame.f_back is not None and frame.f_code.co_filename != program.file:
        frame = frame.f_back
    return f"line {frame.f_lineno}"
