"""From a started process to a running rank, and from the program's end to an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import scoop_mpi
from scoop_mpi._collector import collector_off
from scoop_mpi._kernel.protocol import BROKER, Ready, Send
from scoop_mpi._kernel.tree import Tree
from scoop_mpi._runtime import here
from scoop_mpi._runtime.life import unseen
from scoop_mpi._runtime.life.prepare import prepare
from scoop_mpi._runtime.life.program import WORKER_NAME, Program
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.stderr import say
from scoop_mpi._runtime.values import blocks, codec, outcomes
from scoop_mpi._runtime.wire import doorbell
from scoop_mpi._runtime.wire.transport import Alone, Mpi, join_parent
from scoop_mpi.errors import JournalError, UnguardedProgram

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
    @property
    def nice(self) -> int | None: ...
    @property
    def interactive(self) -> bool: ...
    @property
    def profile(self) -> bool: ...
    @property
    def stats(self) -> bool: ...
    @property
    def debug(self) -> bool: ...
    @property
    def check(self) -> bool: ...
    @property
    def journal(self) -> str | None: ...
    @property
    def progress(self) -> bool: ...
    @property
    def trace(self) -> str | None: ...
    @property
    def report(self) -> str | None: ...
    @property
    def time_left(self) -> str | None: ...
    @property
    def retries(self) -> int | None: ...
    @property
    def lost_after(self) -> float | None: ...


class Place(Protocol):
    """Which rank of how many the launcher says that this process is."""

    @property
    def rank(self) -> int: ...
    @property
    def ranks(self) -> int | None: ...
    @property
    def local_ranks(self) -> int | None: ...


def main(
    options: Options, place: Place | None, tell_code: Callable[[int], None] | None = None
) -> NoReturn:
    """Be a rank: run the program, or serve it, and exit.

    Args:
        place: What the launcher says; None if this process is a job of its own, without MPI.
        tell_code: Called on the root with the exit code, as soon as it is known.
    """
    if options.nice is not None:
        os.nice(options.nice)
    if options.debug:
        import faulthandler  # noqa: PLC0415  only if it was asked for

        faulthandler.enable()
    code = _run_alone(options) if place is None else _run_rank(options, place, tell_code)
    if tell_code is not None:
        tell_code(code)
    sys.exit(code)


def _run_alone(options: Options) -> int:
    if options.check:
        say("scoop_mpi: one rank runs in this very process, without MPI: nothing to check.")
        return 0
    loop = Loop(Alone())
    _record(loop, options, None)
    program = _enter(options, loop)
    here.install(loop)
    return _run_only_root(program, loop, options)


def _record(loop: Loop, options: Options, transport: Mpi | None) -> None:
    """Record what this rank does, if that is wanted."""
    if options.trace is not None or options.report is not None:
        from scoop_mpi._runtime.seeing.trace.tracing import Tracing  # noqa: PLC0415  as it says

        Tracing(loop, options, transport)


def _run_rank(options: Options, place: Place, tell_code: Callable[[int], None] | None) -> int:
    one_node = place.local_ranks is not None and place.local_ranks == place.ranks
    prepare(os.environ, one_node=one_node, local_ranks=place.local_ranks)
    with collector_off():
        from scoop_mpi._runtime.faults.losses import Losses  # noqa: PLC0415  as above
        from scoop_mpi._runtime.life.ending import Ending  # noqa: PLC0415  not needed by a rank alone

        transport = Mpi()
    if transport.ranks != (place.ranks or transport.ranks):
        _complain_of_launcher(transport, place)
        return 1
    if options.check:
        return _check(transport)
    loop = Loop(transport)
    if options.retries is not None:
        loop.worker.retries = options.retries
    losses = None
    if loop.ranks > 1:
        folder = hang_doorbell(loop, transport) if one_node else ""
        share_constants(loop, transport)
        losses = Losses(loop, transport, folder, patience_s=options.lost_after, quiet=options.quiet)
    _record(loop, options, transport)
    program = _enter(options, loop)
    # Read once: a thousand ranks at the same file are hard on a network's file system.
    program.source = transport.from_root(program.read() if loop.rank == BROKER else None)
    if loop.ranks == 1:
        here.install(loop)
        return _run_only_root(program, loop, options)
    ending = Ending(loop, transport, losses, tell_code)
    transport.guard(ending.abort)
    if transport.threads:
        ending.ticker.start()
    elif loop.rank == BROKER:
        say(
            "scoop_mpi: this MPI gives no MPI_THREAD_MULTIPLE, so a rank serves the others only between "
            "calls: results are the same, but ranks may wait for each other. Use an MPI built with it."
        )
    if loop.rank == BROKER:
        here.install(loop)
        try:
            code = _run_root(program, loop, options, ending.fail)
            _await_threads()
            _tell_statistics(loop, options)
            ending.finish(code)
        except BaseException as error:  # a bug of ours, or Ctrl-C while the job ends
            ending.crashed(error)
        # What the program registered with `atexit` is still to run, and may call anything.
        here.install(Loop(Alone()))
        if transport.survives:
            ending.exit_without_mpi(code)
        return code
    return _serve(program, loop, ending)


def serve_parent() -> NoReturn:
    """Be a worker of the process that has started this one (`scoop_mpi.start`)."""
    prepare(os.environ, one_node=True, local_ranks=None)
    from scoop_mpi._runtime.life.ending import Ending  # noqa: PLC0415  as above

    transport = join_parent()
    loop = Loop(transport)
    hang_doorbell(loop, transport)
    share_constants(loop, transport)
    program = Program(None, None)
    describe_run(loop, None, verbosity=1)
    ending = Ending(loop, transport)
    ending.ticker.start()
    _serve(program, loop, ending)


def _serve(program: Program, loop: Loop, ending: Any) -> NoReturn:
    """Run calls for the others until the root has ended."""
    # Ctrl-C is the root's: it ends the program, and the program's end ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # So is a batch system's warning, which is forwarded to every rank and would end us. Not ignored:
    # processes that calls start would inherit that.
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, lambda *_: None)
    _import_on_worker(program, loop, ending)
    try:
        loop.serve()
    except BaseException as error:  # a bug of ours, or a signal handler of the program's
        ending.report_and_wait(
            f"scoop_mpi: {loop.where} failed outside of any call, which a signal handler of the program "
            f"can do, or a bug of scoop_mpi: please report this.\n{outcomes.format_error(error)}"
        )
    ending.leave()
    raise AssertionError("a rank that left went on")


def _complain_of_launcher(transport: Mpi, place: Place) -> None:
    """Tell once that the launcher and mpi4py use different MPI libraries.

    Each rank would believe that it is alone, and all of them would run the program.
    """
    if place.rank != 0:
        return
    mend = "by that library's own mpirun, or by: python -m scoop_mpi -n N program.py"
    if "SLURM_STEP_ID" in os.environ and "OMPI_COMM_WORLD_SIZE" not in os.environ:
        kind = "pmix" if transport.library.startswith("Open MPI") else "pmi2"
        mend = f"by `srun --mpi={kind}` (`srun --mpi=list` tells what there is), or {mend}"
    say(
        f"scoop_mpi: {place.ranks} ranks were started, but this one's MPI sees {transport.ranks}: the "
        "launcher belongs to another MPI than the one that mpi4py uses here "
        f"({transport.library}). Start the program {mend}"
    )


def _check(transport: Mpi) -> int:
    """Tell what each rank is, from rank 0."""
    from scoop_mpi._runtime.life import checkup  # noqa: PLC0415  only if it was asked for

    found = transport.at_root(checkup.look(transport, scoop_mpi.__version__))
    if found is not None:
        sys.stdout.write(checkup.report(found))
        sys.stdout.flush()
    return 0


def hang_doorbell(loop: Loop, transport: Mpi) -> str:
    """Let the ranks of this node wake each other; where that fails anywhere, they nap instead.

    Returns:
        A folder that all ranks can use; empty where that failed.
    """
    folder = ""
    if loop.rank == BROKER:
        with contextlib.suppress(OSError):
            folder = doorbell.new_folder()
    os.environ.pop("SCOOP_MPI_FOLDER", None)  # a job that the program starts has its own
    folder = str(transport.from_root(folder))
    if folder:
        with contextlib.suppress(OSError):
            loop.bell = doorbell.Doorbell(folder, loop.rank, loop.ranks)
    return folder


def share_constants(loop: Loop, transport: Mpi) -> None:
    """Find out which ranks are on one node, and so can share memory. Every rank calls it."""
    nodes = transport.everywhere(blocks.node(loop.rank, loop.ranks))
    loop.blocks = blocks.Blocks(loop.rank, nodes)
    loop.worker.constants.tree = Tree(nodes)


def _enter(options: Options, loop: Loop) -> Program:
    """Make this process look as `python program.py` would, and tell the package what it is."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Not write_through (PYTHONUNBUFFERED): it writes a line's end after the line, and another
            # rank's line would come between.
            stream.reconfigure(line_buffering=True, write_through=False)
    verbosity = 0 if options.quiet else 1 + options.verbose + 2 * options.debug
    loop.tally.repeated.told = options.quiet  # then nothing is told
    describe_run(loop, options.program or options.module, verbosity)
    program = Program(options.program, options.module)
    first = program.file if options.module else program.typed
    sys.argv = [first, *options.args]
    if options.profile:
        from scoop_mpi._runtime.seeing import profile  # noqa: PLC0415  only if it was asked for

        profile.start(loop)
    return program


def describe_run(loop: Loop, program: str | None, verbosity: int) -> None:
    """Let the package tell what this process is."""
    package: Any = scoop_mpi
    package.IS_RUNNING = True
    package.IS_ORIGIN = loop.rank == BROKER
    package.SIZE = loop.ranks
    package.worker = loop.name
    package.MAIN_MODULE = program
    package._logged_as = loop.rank, verbosity  # noqa: SLF001  it is our own package


# --- the root --------------------------------------------------------------------------------


def _run_root(
    program: Program, loop: Loop, options: Options, end: Callable[[], None] | None
) -> int:
    """Run the program as `__main__`, and show how far it is if that is wanted; return the exit code."""
    if not options.progress:
        return _run_kept(program, loop, options, end)
    from scoop_mpi._runtime.seeing.progress import Progress  # noqa: PLC0415  only if it was asked for
    from scoop_mpi._runtime.seeing.screens import find_screen  # noqa: PLC0415  as above

    progress = Progress(loop, find_screen())
    loop.at_end.append(progress.stop)
    try:
        return _run_kept(program, loop, options, end)
    finally:
        progress.stop()


def _run_only_root(program: Program, loop: Loop, options: Options) -> int:
    """Run the program on the only rank there is; return the exit code."""
    try:
        code = _run_root(program, loop, options, None)
        _tell_statistics(loop, options)
    finally:
        loop.end()
    return code


def _run_kept(
    program: Program, loop: Loop, options: Options, end: Callable[[], None] | None
) -> int:
    """Run the program as `__main__`, with its journal if it has one; return the exit code."""
    if options.journal is None:
        return _run_main(program, loop, options)
    from scoop_mpi._runtime.faults.journal import Journal  # noqa: PLC0415  only if it was asked for
    from scoop_mpi._runtime.faults.stopping import Stopping, seconds_left  # noqa: PLC0415  as above

    try:
        seconds = seconds_left(options.time_left, os.environ)
        loop.journal = journal = Journal(options.journal)
    except JournalError as error:
        say(f"scoop_mpi: {error}.")
        return 2
    Stopping(loop, journal, end, seconds)
    try:
        return _run_main(program, loop, options)
    finally:
        loop.journal = None
        journal.close()
        if journal.taken and not options.quiet:
            say(f"scoop_mpi: {journal.taken} outcomes came from the journal {options.journal}.")


def _run_main(program: Program, loop: Loop, options: Options) -> int:
    """Run the program as `__main__`, then a prompt if one is wanted; return the exit code."""

    def interrupt(*_: object) -> None:
        loop.interrupted = True
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    loop.at_start()
    code = 0
    if program.file or not options.interactive:
        code = _run_program(program, loop)
    else:
        program.load("__main__")
    return _run_prompt(loop) if options.interactive else code


def _run_prompt(loop: Loop) -> int:
    from scoop_mpi._runtime.life import prompt  # noqa: PLC0415  only if it was asked for

    namespace = sys.modules["__main__"].__dict__
    codec.IMPORTABLE.expect_prompt(namespace)
    try:
        prompt.interact(namespace, scoop_mpi.__version__, loop.ranks)
    except SystemExit as end:
        return _exit_code(end)
    finally:
        unseen.report(loop)
    return 0


def _run_program(program: Program, loop: Loop) -> int:
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


def _tell_statistics(loop: Loop, options: Options) -> None:
    """Tell what the ranks did, if that is wanted: in a table, or in words."""
    if not (options.stats or options.verbose):
        return
    from scoop_mpi._runtime.seeing import statistics  # noqa: PLC0415  only if it was asked for

    found = statistics.ask(loop)
    if options.stats:
        say(str(found))
    if options.verbose:
        say(f"scoop_mpi: {found.summary}")


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
