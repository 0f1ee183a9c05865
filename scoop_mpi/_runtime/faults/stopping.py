"""Ends a run with a journal before its time: at a scheduler's warning, or when time runs out.

Nothing is started or lent any more; calls that other ranks run get a while to end; the journal is
written, and the job ends with code 75 (EX_TEMPFAIL of sysexits.h: try again later). The same command
goes on from there.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.faults.journal import Journal
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.stderr import say
from scoop_mpi.errors import JournalError

STOPPED = 75
"""The exit code of a run that was stopped and can be gone on with."""

_SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)


class Stopping:
    """Waits for a reason to stop.

    Args:
        end: Ends the job with the problem that the loop has; None if this is its only rank.
        seconds: How long the job may still run; None if nobody knows.
    """

    def __init__(
        self, loop: Loop, journal: Journal, end: Callable[[], None] | None, seconds: float | None
    ) -> None:
        self._loop = loop
        self._journal = journal
        self._end = end
        self._once = threading.Lock()
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        if seconds is not None:
            until = now() + seconds
            threading.Thread(target=self._watch_time, args=(until,), daemon=True).start()

    def _on_signal(self, number: int, _: object) -> None:
        # On a thread of its own: the main thread may hold the lock, or wait in the program's code.
        reason = f"stopped by {signal.Signals(number).name}"
        threading.Thread(target=self._stop, args=(reason,), daemon=True).start()

    def _watch_time(self, until: float) -> None:
        """Stop when what is next would not end in time, as far as its durations are known."""
        loop = self._loop
        while True:
            left = until - now()
            with loop.lock:
                longest = loop.worker.longest_s
            if left < longest + settings.STOP_S:
                self._stop(
                    f"{max(0.0, left):.0f} s are left and a call may take {longest:.3g} s: stopped"
                )
                return
            time.sleep(min(1.0, max(0.05, left - longest - settings.STOP_S)))

    def _stop(self, reason: str) -> None:
        if not self._once.acquire(blocking=False):
            return
        loop = self._loop
        with loop.lock:
            loop.worker.closing = True
        until = now() + settings.STOP_S
        while now() < until:
            with loop.lock:
                if not loop.worker.lent:
                    break
                loop.pump()
            time.sleep(settings.TICK_S)
        self._journal.close()
        text = (
            f"scoop_mpi: {reason}. The journal {self._journal.folder} holds {self._journal.kept} more "
            "outcomes; the same command goes on from there."
        )
        if self._end is None:
            say(text)
            sys.stdout.flush()
            os._exit(STOPPED)
        loop.problem_code = STOPPED
        loop.problem = text
        self._end()


def seconds_left(wanted: str | None, environ: Mapping[str, str]) -> float | None:
    """Return how many seconds the job may run: a number, or "auto", what Slurm says.

    Raises:
        JournalError: Nobody says.
    """
    if wanted is None:
        return None
    if wanted != "auto":
        return float(wanted)
    end = environ.get("SLURM_JOB_END_TIME", "")
    if not end.isdigit():
        raise JournalError("--time-left auto: SLURM_JOB_END_TIME is not set here; say the seconds")
    return int(end) - time.time()
