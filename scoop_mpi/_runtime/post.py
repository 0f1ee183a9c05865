"""One rank's kernel and its way to the other ranks: messages in, actions out.

One lock guards the kernel and the transport. It is never held while user code runs, while a user's
value is encoded or decoded, or across a switch of greenlets. Whatever is sent or received here are
plain values and bytes, so any thread may pump.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from scoop_mpi._kernel.broker import Broker
from scoop_mpi._kernel.constants import Registry
from scoop_mpi._kernel.protocol import (
    BROKER,
    TO_BROKER,
    Actions,
    Bye,
    Constants,
    Define,
    Denied,
    Halt,
    Lend,
    Message,
    Problem,
    Ready,
    Resume,
    Run,
    Send,
)
from scoop_mpi._kernel.task import Block
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._kernel.worker import Worker
from scoop_mpi._runtime import codec, settings
from scoop_mpi._runtime.callables import Function, Mirror
from scoop_mpi._runtime.doorbell import Bell, Naps
from scoop_mpi._runtime.transport import Transport, host

now = time.perf_counter


class Post:
    """The kernel of a rank, its transport and its bell.

    Attributes:
        ready: Ranks that have imported the program (on rank 0).
        gone: Ranks that have said goodbye (on rank 0).
        problem: Why the job cannot go on, if some rank has said so (on rank 0).
        told: What the program died of, in the words that the user has read (on rank 0).
        on_problem: Called, without the lock, when there is a problem.
        halted: The exit code, once the program has ended.
        dozing: Whether the main thread sleeps in its pump, so that the ticker need not tick.
        awake: Set when it does so no more.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.rank = transport.rank
        self.ranks = transport.ranks
        self.where = f"Rank {self.rank} of {self.ranks} on {host()}"
        self.lock = threading.Lock()
        self.thread = threading.get_ident()
        self.worker = Worker(self.rank, self.ranks)
        self.bell: Bell = Naps(settings.SLEEP_MOST_S)
        self.ready: set[int] = set()
        self.gone: set[int] = set()
        self.problem: str | None = None
        self.told = ""
        self.on_problem: Callable[[], None] = lambda: None
        self.halted: int | None = None
        self.dozing = False
        self.awake = threading.Event()
        self._broker = Broker() if self.rank == BROKER else None
        self._registry = Registry(self.ranks) if self.rank == BROKER else None
        self._constant_waits: list[Wait] = []
        """Who waits for any news of constants."""
        self._known: dict[int, Mirror] = {}
        """What each other rank remembers of the callables that were sent to it."""
        self._learnt: dict[int, Mirror] = {}
        """What this rank remembers of the callables that each other rank sent."""

    def _resume(self, wait: Wait) -> None:
        """Let whoever waits go on. The lock is held."""
        raise NotImplementedError

    def perform(self, actions: Actions) -> Block | None:
        """Carry out actions, and what follows from them. The lock is held.

        Returns:
            The block that is to be run, if there is one.
        """
        block = None
        todo = deque(actions)
        while todo:
            action = todo.popleft()
            if isinstance(action, Send):
                if action.to == self.rank:
                    todo.extend(self._receive(self.rank, action.message))
                else:
                    self._send(action.to, action.message)
            elif isinstance(action, Run):
                block = action.block
            elif isinstance(action, Resume):
                self._resume(action.wait)
        return block

    def send(self, rank: int, message: Message) -> None:
        """Send a message of the job's life."""
        with self.lock:
            self.perform([Send(rank, message)])

    def _send(self, rank: int, message: Message) -> None:
        extra = None
        if isinstance(message, Lend):
            extra = self._callables_for(rank, message)
        self.transport.send(rank, codec.pack(message, extra))
        self.bell.ring(rank)

    def _callables_for(self, rank: int, message: Lend) -> dict[bytes, tuple[Any, bool]]:
        """Return the callables of a loan that its borrower does not remember."""
        mirror = self._known.setdefault(rank, Mirror())
        unknown: dict[bytes, tuple[Any, bool]] = {}
        for part in message.parts:
            digest = part.cargo[0]
            if mirror.get(digest) is None:
                cargo: Any = self.worker.tasks[part.serial].cargo  # opaque to the kernel
                function: Function = cargo.function
                mirror.put(function)
                unknown[digest] = (function.pickled, function.shared)
        return unknown

    def _learn_callables(
        self, sender: int, message: Lend, unknown: dict[bytes, tuple[Any, bool]]
    ) -> Lend:
        """Replace digests by callables, which are not loaded yet."""
        mirror = self._learnt.setdefault(sender, Mirror())
        parts = []
        for part in message.parts:
            digest, data = part.cargo
            function = mirror.get(digest)
            if function is None:
                pickled, shared = unknown[digest]
                function = Function(part.key, digest, pickled, None, shared=shared)
                mirror.put(function)
            parts.append(part._replace(cargo=(function, data)))
        return message._replace(parts=tuple(parts))

    def pump(self) -> bool:
        """Take what has arrived, and act on it. The lock is held. True if there was anything."""
        arrived = self.transport.poll()
        for sender, frames in arrived:
            message, extra = codec.unpack(frames)
            if isinstance(message, Lend):
                message = self._learn_callables(sender, message, extra)
            self.perform(self._receive(sender, message))
        if arrived:
            self._nudge()
        return bool(arrived)

    def _receive(self, sender: int, message: Message) -> Actions:
        kind = type(message)
        if kind in TO_BROKER:
            assert self._broker is not None
            return self._broker.receive(sender, message)
        if isinstance(message, Define):
            assert self._registry is not None
            return self._registry.define(sender, message)
        if isinstance(message, Ready):
            self.ready.add(sender)
            return []
        if isinstance(message, Problem):
            self.problem = self.problem or message.text
            return []
        if isinstance(message, Halt):
            self.halted = message.code
            return []
        if isinstance(message, Bye):
            self.gone.add(sender)
            return []
        actions = self.worker.receive(sender, message, now())
        if isinstance(message, Constants | Denied):
            for wait in self._constant_waits:
                wait.needed = 0
                actions.append(Resume(wait))
            self._constant_waits.clear()
        return actions

    def _nudge(self) -> None:
        """Wake the main thread, if another thread has given it something to do."""
        if self.dozing and threading.get_ident() != self.thread:
            self.bell.ring(self.rank)
