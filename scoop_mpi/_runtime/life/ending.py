"""How a job ends: the root's exit code, promptly, without orphans and without noise.

The root tells every rank `Halt`, every rank answers `Bye` and leaves MPI. A rank whose main thread
sits in a long call is left by its ticker after a grace period. A rank that does not answer at all
(a C call that keeps the interpreter) is told of, and the job is aborted.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

from scoop_mpi._kernel.protocol import BROKER, Bye, Halt, Message, Send
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.faults.losses import Losses
from scoop_mpi._runtime.life import unseen
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.stderr import say
from scoop_mpi._runtime.ticker import Ticker
from scoop_mpi._runtime.values import outcomes
from scoop_mpi._runtime.wire.transport import Mpi, end_process


class Ending:
    """Ends this rank, and on rank 0 the job; each only once, from whichever thread comes first."""

    def __init__(
        self,
        loop: Loop,
        transport: Mpi,
        losses: Losses | None = None,
        tell_code: Callable[[int], None] | None = None,
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._once = threading.Lock()
        self.ticker = Ticker(loop, self.leave, self._look_around, self.crashed)
        self.losses = losses
        self._tell_code = tell_code
        self._parent = os.getppid()
        loop.on_problem = self.fail

    # --- rank 0 ------------------------------------------------------------------------------

    def finish(self, code: int) -> None:
        """End the job after the program: returns when every other rank has left."""
        loop = self._loop
        loop.retire()
        self._await(lambda: len(loop.ready | loop.worker.lost) == loop.ranks - 1, None)
        if not self._once.acquire(blocking=False):
            _wait_for_the_end()
        self.ticker.stop()
        self._dismiss(code)
        if code != 0 or self._transport.survives:
            # Without MPI's goodbye, mpirun hangs now and then if all ranks leave at once.
            self._leave_last()

    def fail(self) -> None:
        """End the job because some rank reported a problem: returns only to the ticker."""
        if self._once.acquire(blocking=False):
            self._fail()
        self._leave_it_to_another_thread()

    def _fail(self) -> NoReturn:
        """End the job with one message, and an exit code that is not 0 (but for Abort(0))."""
        self.ticker.stop()
        loop = self._loop
        problem = loop.problem or ""
        with loop.speaking:
            known = bool(loop.told) and loop.told in problem
            loop.said = problem
        if not known:
            say(problem)
        self._dismiss(loop.problem_code)
        self._leave_last()
        self._exit(loop.problem_code)

    def _dismiss(self, code: int) -> None:
        loop = self._loop
        if self._tell_code is not None:
            self._tell_code(code)
        others = set(range(1, loop.ranks))
        with loop.lock:
            loop.perform([Send(rank, Halt(code)) for rank in others])
            # What the Broker would answer now, ranks that have left would never receive.
            self._transport.mute()
            loop.dismissed = True
        doomed = bool(loop.worker.lost) and not self._transport.survives
        until = now() + (settings.DOOMED_S if doomed else settings.LOST_S)
        left = self._await(lambda: loop.gone | loop.worker.lost >= others, until)
        loop.end()
        if not left and not doomed:
            self._cut_off(others - loop.gone - loop.worker.lost, code)
        if doomed:
            self._abort(code)  # to leave MPI in order, all ranks would be needed
        with loop.lock:
            self._transport.close()
            loop.bell.close()

    def _cut_off(self, ranks: set[int], code: int) -> None:
        """End ranks that do not end by themselves; return if the job can end without them."""
        numbers = ", ".join(map(str, sorted(ranks)))
        say(
            f"scoop_mpi: rank {numbers} did not end within {settings.LOST_S:g} s of the "
            "program's end (a call that holds Python's interpreter lock?); the job is aborted."
        )
        if self._transport.survives and self.losses is not None:
            for rank in ranks:
                self.losses.neighbours.kill(rank)
            return
        self._abort(code)

    def _kill_lost(self) -> None:
        """End what was given up on this node: rank 0 has told why, and mpirun may wait for it."""
        if self.losses is not None:
            for rank in self._loop.worker.lost:
                self.losses.neighbours.kill(rank)

    def _abort(self, code: int) -> NoReturn:
        self._kill_lost()
        self._loop.bell.close()
        _flush()
        self._transport.abort(code)
        end_process(code)

    def _leave_last(self) -> None:
        """Leave MPI, and let the others end before us.

        Open MPI's mpirun prints a banner for an exit code that is not 0 while other ranks live.
        """
        self._transport.finalize()
        until = now() + settings.LEFT_MOST_S
        noticed = self._transport.library.startswith("Open MPI")  # MPICH's mpirun looks at the end
        if self.losses is not None:
            neighbours = self.losses.neighbours
            for rank in neighbours.mine:
                while not neighbours.is_gone(rank, noticed=noticed) and now() < until:
                    time.sleep(settings.TICK_S)
        time.sleep(settings.LEAVE_LAST_S)

    def _await(self, there: object, until: float | None) -> bool:
        assert callable(there)
        while not there():
            with self._loop.lock:
                traffic = self._loop.pump()
            if self._loop.problem is not None and self._once.acquire(blocking=False):
                self._fail()
            if until is not None and now() >= until:
                return False
            if not traffic:
                time.sleep(settings.TICK_S / 4)
        return True

    def _leave_it_to_another_thread(self) -> None:
        """Wait to be ended; the ticker must not, for who ends this rank waits until it has stopped."""
        if not self.ticker.is_me:
            _wait_for_the_end()

    # --- other ranks -------------------------------------------------------------------------

    def leave(self) -> None:
        """End this rank, when the program has ended: returns only to the ticker."""
        if not self._once.acquire(blocking=False):
            self._leave_it_to_another_thread()
            return
        self.ticker.stop()
        if threading.current_thread() is threading.main_thread():
            unseen.report(self._loop)
            _run_exit_handlers()
        _flush()
        farewell: list[Message] = []
        if self._loop.farewell is not None:
            farewell.append(self._loop.farewell())
        with self._loop.lock:
            self._loop.perform([Send(BROKER, message) for message in (*farewell, Bye())])
            self._transport.close()
            self._loop.bell.close()
        self._kill_lost()
        self._transport.finalize()
        self._exit(0)

    def report_and_wait(self, text: str, code: int = 1) -> NoReturn:
        """Tell rank 0 why the job cannot go on, and serve until it ends: does not return."""
        from scoop_mpi._kernel.protocol import Problem  # noqa: PLC0415  the rare path

        with self._loop.lock:
            self._loop.perform([Send(BROKER, Problem(text, code))])
        if self._loop.rank == BROKER:
            self.fail()
        while self._loop.halted is None:
            with self._loop.lock:
                self._loop.pump()
            time.sleep(settings.TICK_S)
        self.leave()
        _wait_for_the_end()

    def abort(self, code: int) -> NoReturn:
        """End the job as `MPI.COMM_WORLD.Abort(code)` does."""
        if (
            self._loop.dismissed or self._loop.halted is not None
        ):  # by an exit handler: nobody listens
            _flush()
            self._transport.abort(code)
            end_process(code)
        where = self._loop.where
        self.report_and_wait(f"scoop_mpi: {where} called MPI_Abort({code}): the job ends.", code)

    def exit_without_mpi(self, code: int) -> NoReturn:
        """End this process as Python would, but for MPI's part in it."""
        _run_exit_handlers()
        _flush()
        end_process(code)

    def _exit(self, code: int) -> NoReturn:
        """End this process from any thread, whatever the others do: does not return.

        By the C library's exit, not `os._exit`: MPICH says goodbye to its launcher in a C exit handler,
        and without it the job's exit code is 0, 3 or 9 by chance (measured). The interpreter lock is
        kept, so that no Python runs meanwhile. But where MPI is not left in order, its handlers
        complain.
        """
        _flush()
        if self._transport.survives:
            end_process(code)
        import ctypes  # noqa: PLC0415  only at the end

        ctypes.PyDLL(None).exit(code)
        raise AssertionError("a process that ended went on")

    def crashed(self, error: BaseException) -> None:
        """End the job at once: this rank can serve nobody any more. Does not return."""
        say(
            f"scoop_mpi: {self._loop.where} failed while the job ended. Unless that was Ctrl-C, it is a "
            f"bug of scoop_mpi: please report this.\n{outcomes.format_error(error)}"
        )
        self._transport.abort(1)
        end_process(1)

    def _look_around(self) -> None:
        """Look whether the launcher and the other ranks are still there."""
        if os.getppid() != self._parent:
            end_process(1)  # nobody else would end us
        if self.losses is not None:
            self.losses.look()


def _wait_for_the_end() -> NoReturn:
    """Another thread is ending this process."""
    while True:
        time.sleep(1.0)


def _run_exit_handlers() -> None:
    """Run what the program registered with `atexit` on this rank."""
    atexit._run_exitfuncs()  # noqa: SLF001  os._exit would skip them, and MPI must be left first


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A call may have closed it: then there is nobody to tell.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
