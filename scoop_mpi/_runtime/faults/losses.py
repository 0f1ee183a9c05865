"""What a job does about ranks that die, beside its work: see, tell, and end what is given up.

Who notices: the MPI library (if it survives a death at all), and the neighbours of a rank by /proc,
and the root of other hosts by their lifelines.
Rank 0 decides, and tells everybody. What a lost rank held, its owners lend again (`_kernel.recovery`).
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NoReturn

from scoop_mpi._kernel.protocol import BROKER, Gone, Lost, Send
from scoop_mpi._kernel.task import Task
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.faults import crashes
from scoop_mpi._runtime.faults.neighbours import Neighbours
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.stderr import say
from scoop_mpi._runtime.values import outcomes
from scoop_mpi._runtime.wire.transport import Mpi, end_process
from scoop_mpi.errors import CallTimeout, WorkerLost

if TYPE_CHECKING:
    from scoop_mpi._runtime.faults.lifelines import Lifelines

DIED = 1
"""The exit code of ranks whose root has died."""


class Losses:
    """Looks after the other ranks. Made by all ranks at the same time.

    Args:
        folder: That of the bells, if all ranks are on one node; else empty.
        patience_s: A rank that is stopped for so long is given up.
        quiet: Whether losses are not to be told.
    """

    def __init__(
        self,
        loop: Loop,
        transport: Mpi,
        folder: str,
        *,
        patience_s: float | None = None,
        quiet: bool = False,
    ) -> None:
        self._loop = loop
        self._survives = transport.survives
        self._folder = folder
        self._quiet = quiet
        patience_s = patience_s or settings.STOPPED_S
        self.neighbours = Neighbours(transport, patience_s)
        nodes = [process.node for process in self.neighbours.all]
        self._lifelines: Lifelines | None = None
        if len(set(nodes)) > 1:
            from scoop_mpi._runtime.faults.lifelines import Lifelines  # noqa: PLC0415  imports sockets

            self._lifelines = Lifelines(transport, nodes, patience_s)
        self._hosts = [node.split()[0] for node in nodes]
        self._looked = now()
        loop.on_loss = self._on_loss
        loop.describe_loss = self._describe
        loop.worker.loss_payload = _payload
        crashes.keep_record(folder if transport.survives else "", loop.rank)
        if transport.survives and loop.rank != BROKER:
            _exit_by_signal()

    def look(self) -> None:
        """Look, now and then, after the neighbours and other hosts, and report those that have gone."""
        moment = now()
        if moment - self._looked < settings.WATCH_S:
            return
        self._looked = moment
        loop = self._loop
        known = loop.worker.lost | loop.gone
        found = self.neighbours.look(known, self._is_overdue)
        if self._lifelines is not None:
            found += self._lifelines.look(known)
        for rank, what in found:
            with loop.lock:
                if loop.halted is not None:
                    return
                if loop.rank == BROKER:
                    loop.perform(loop.declare_lost(rank, what))
                elif rank == BROKER:
                    loop.perform([Send(to, Lost(BROKER, what)) for to in range(1, loop.ranks)])
                else:
                    loop.perform([Send(BROKER, Gone(rank, what))])

    def _is_overdue(self, rank: int) -> bool:
        return bool(self._folder) and crashes.is_overdue(self._folder, rank)

    def _describe(self, rank: int, what: str) -> str:
        """Return who is lost and why, on rank 0."""
        crashed = crashes.read_record(self._folder, rank) if self._folder else ""
        process = self.neighbours.all[rank].number
        where = f"rank {rank} of {self._loop.ranks} on {self._hosts[rank]} (process {process})"
        return f"{where}: {crashed or what}"

    def _on_loss(self, rank: int, why: str) -> None:
        """Act on the loss of a rank. The loop's lock is held."""
        loop = self._loop
        if rank == loop.rank:
            os.kill(os.getpid(), signal.SIGKILL)
        if rank == BROKER:
            self._end_without_root(why)
        if self._survives:
            self.neighbours.kill(rank)  # else the job would end before it is told why
        if loop.rank != BROKER:
            return
        if not self._survives:
            loop.problem = loop.problem or f"scoop_mpi: the job ends, for a rank was lost: {why}."
        elif not self._quiet:
            say(f"scoop_mpi: a rank was lost: {why}. What it held is run again by others.")

    def _end_without_root(self, why: str) -> None:
        loop = self._loop
        if loop.halted is not None:
            return
        others = range(1, loop.ranks)
        if loop.rank == next(rank for rank in others if rank not in loop.transport.failed):
            say(f"scoop_mpi: the job ends, for its root was lost: {self._describe(BROKER, why)}.")
        end_process(DIED)


def _exit_by_signal() -> None:
    """Let `os._exit` of a call end this rank by SIGKILL.

    Open MPI does not notice the end of a rank by a code other than 0, and its mpirun ends the job when
    half of the ranks have ended so (measured).
    """
    me, leave = os.getpid(), os._exit

    def end(status: int) -> NoReturn:
        if os.getpid() == me:  # else a child that a call has forked
            os.kill(me, signal.SIGKILL)
        leave(status)

    os._exit = end


def _payload(task: Task, why: str) -> outcomes.Payload:
    """Return the outcome of a call that was lost with too many ranks."""
    if crashes.OVERDUE in why:
        return ((outcomes.RAISED, CallTimeout(f"{task.key}: {why}")),)
    times = max(task.losses.values())
    if not times:
        return ((outcomes.RAISED, WorkerLost(f"{task.key}: {why}.")),)
    ranks = "the rank that ran it was" if times == 1 else f"{times} ranks that held it were"
    error = WorkerLost(f"{task.key}: {ranks} lost, the last one {why}. It may be the call's doing.")
    return ((outcomes.RAISED, error),)
