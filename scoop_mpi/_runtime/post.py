"""One rank's kernel and its way to the other ranks: messages in, actions out.

One lock guards the kernel and the transport. It is never held while user code runs, while a user's
value is encoded or decoded, or across a switch of greenlets. Whatever is sent or received here are
plain values and bytes, so any thread may pump.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from scoop_mpi._kernel.broker import Broker
from scoop_mpi._kernel.constants import Registry
from scoop_mpi._kernel.protocol import (
    BROKER,
    NEWS,
    TO_BROKER,
    VALUES,
    Actions,
    Behind,
    Bye,
    Define,
    Figures,
    Gone,
    Halt,
    Inquire,
    Lend,
    Lost,
    Message,
    Outcomes,
    Part,
    Problem,
    Ready,
    Resume,
    Run,
    Send,
    Undefine,
    Unread,
)
from scoop_mpi._kernel.task import Block
from scoop_mpi._kernel.wait import Wait
from scoop_mpi._kernel.worker import Worker
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.seeing.figures import figures
from scoop_mpi._runtime.seeing.traffic import Tally
from scoop_mpi._runtime.values import codec
from scoop_mpi._runtime.values.blocks import Blocks
from scoop_mpi._runtime.values.callables import Function, Mirror
from scoop_mpi._runtime.wire.doorbell import Bell, Naps
from scoop_mpi._runtime.wire.transport import Transport, host

now = time.perf_counter


class Post:
    """The kernel of a rank, its transport and its bell.

    Attributes:
        ready: Ranks that have imported the program (on rank 0).
        gone: Ranks that have said goodbye (on rank 0).
        problem: Why the job cannot go on, if some rank has said so (on rank 0).
        problem_code: With which exit code it ends then.
        told: What the program died of, in the words that the user reads (on rank 0).
        said: The problem that the user reads instead. Both under `speaking`: one of them is enough.
        on_problem: Called, without the lock, when there is a problem.
        losses: For each rank that was lost, what is known of its end (on rank 0).
        on_loss: Called, with the lock, with each rank that is lost; this one and the root included.
        describe_loss: Puts into words which rank was lost, and what is known of its end.
        at_start: Called when the program begins (on rank 0).
        at_end: Called, without the lock, once all ranks have left or were given up (on rank 0).
        farewell: Makes a message that goes before the last one to rank 0; None: there is none.
        dismissed: Whether all ranks were told to leave (on rank 0).
        halted: The exit code, once the program has ended.
        tally: Messages and bytes to and from other ranks.
        started: When this rank began.
        waited_s: How long the main thread was dozing, up to `dozing_since`.
        dozing: Whether the main thread pumps, or sleeps in its pump, so that the ticker need not.
        still: Whether the ticker stands still because of that.
        awake: Set when it must tick again.
        blocks: The bytes of large constants.
        let_go: Called on the main thread when constants have changed, if somebody has read any.
        news: Counts what may have given the main thread something to do.
    """

    farewell: Callable[[], Message] | None = None

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.rank: int = transport.rank
        self.ranks: int = transport.ranks
        self.name: str = f"{host()}:{self.rank}"
        self.where: str = f"Rank {self.rank} of {self.ranks} on {host()}"
        self.lock: threading.Lock = threading.Lock()
        self.thread: int = threading.get_ident()
        self.worker: Worker = Worker(self.rank, self.ranks)
        self.bell: Bell = Naps(settings.SLEEP_MOST_S)
        self.ready: set[int] = set()
        self.gone: set[int] = set()
        self.problem: str | None = None
        self.problem_code: int = 1
        self.told: str = ""
        self.said = ""
        self.speaking: threading.Lock = threading.Lock()
        self.on_problem: Callable[[], None] = lambda: None
        self.losses: dict[int, str] = {}
        self.on_loss: Callable[[int, str], None] = lambda *_: None
        self.describe_loss: Callable[[int, str], str] = lambda rank, what: f"rank {rank}: {what}"
        self.at_start: Callable[[], object] = lambda: None
        self.at_end: list[Callable[[], None]] = []
        self.halted: int | None = None
        self.dismissed = False
        self.dozing: bool = False
        self.started: float = now()
        self.dozing_since: float = self.started
        self.waited_s: float = 0.0
        self.tally: Tally = Tally()
        self.still = False
        self.awake: threading.Event = threading.Event()
        self.news: int = 0
        self._takers: dict[type[Message], Callable[[int, Any], Actions]] = {}
        """Who takes a kind of message, where it is not the worker."""
        self._broker = Broker()
        self._registry = Registry()
        self.blocks: Blocks = Blocks(self.rank, [""] * self.ranks)
        self.let_go: Callable[[], None] | None = None
        self._constant_waits: list[Wait] = []
        """Who waits for any news of constants."""
        self._known: dict[int, Mirror] = {}
        """What each other rank remembers of the callables that were sent to it."""
        self._learnt: dict[int, Mirror] = {}
        """What this rank remembers of the callables that each other rank sent."""

        self._share_out()

    def _share_out(self) -> None:
        """Say who takes which kind of message."""
        self._takers.update(dict.fromkeys((Ready, Problem, Halt, Bye), self._take_life))
        self._takers.update(dict.fromkeys(NEWS, self._take_news_of_constants))
        self._takers[Behind] = self._take_behind
        self._takers[Lost] = self._take_loss
        self._takers[Inquire] = lambda sender, message: [
            Send(sender, Figures(message.number, figures(self)))
        ]
        self._takers[Figures] = self._take_figures
        if self.rank == BROKER:
            self._takers.update(dict.fromkeys(TO_BROKER, self._broker.receive))
            self._takers[Define] = self._registry.define
            self._takers[Undefine] = self._registry.undefine
            self._takers[Gone] = lambda _, gone: self.declare_lost(gone.rank, gone.what)

    def take(self, kind: type[Message], taker: Callable[[int, Any], None]) -> None:
        """Have a kind of message taken by this."""

        def take(sender: int, message: Any) -> Actions:
            taker(sender, message)
            return []

        self._takers[kind] = take

    def end(self) -> None:
        """Do what was left for the job's end; once."""
        while self.at_end:
            self.at_end.pop()()

    def hungry(self) -> frozenset[int]:
        """Return the ranks that ask for work (on rank 0)."""
        with self.lock:
            return self._broker.hungry

    def _resume(self, wait: Wait) -> None:
        """Let whoever waits go on. The lock is held."""
        raise NotImplementedError

    def perform(self, actions: Actions) -> Block | None:
        """Carry out actions, and what follows from them. The lock is held.

        Returns:
            The block that is to be run, if there is one.
        """
        block = None
        me = self.rank
        outgoing: dict[int, list[tuple[Message, Any]]] = {}
        todo = list(actions)
        for action in todo:  # which grows meanwhile
            if type(action) is Send:
                rank, message = action
                if rank == me:
                    todo += self._receive(me, message)
                    continue
                extra = None
                if type(message) is Lend:
                    extra = self._callables_for(rank, message)
                elif type(message) in VALUES:
                    message = self._outward(rank, message)
                if rank in outgoing:
                    outgoing[rank].append((message, extra))
                else:
                    outgoing[rank] = [(message, extra)]
            elif type(action) is Run:
                block = action.block
            elif type(action) is Resume:
                self._resume(action.wait)
                self.news += 1
                self._nudge()
        for rank, messages in outgoing.items():
            if rank in self.worker.lost:
                continue
            frames = codec.pack(messages)
            self.tally.sent.note(messages, frames)
            if len(frames) > 1 and not self.tally.repeated.told:
                self._look_for_repeats(rank, messages, frames)
            self.transport.send(rank, frames)
            # Small outcomes can wait until their owner's call has ended: to be rung for each took its
            # ticker 9 % of a core, with calls of 0.7 ms.
            hurry = len(frames) > 1 or len(messages) > 1 or type(messages[0][0]) is not Outcomes
            self.bell.ring(rank, hurry=hurry)
        return block

    def _look_for_repeats(
        self, rank: int, messages: list[tuple[Message, Any]], frames: list[Any]
    ) -> None:
        """Warn if the same large bytes go to a rank with call after call."""
        for message, _ in messages:
            if isinstance(message, Lend):
                self.tally.repeated.note(rank, message.parts[0].key, frames[1:])

    def send(self, rank: int, message: Message) -> None:
        """Send a message of the job's life."""
        with self.lock:
            self.perform([Send(rank, message)])

    def _callables_for(self, rank: int, message: Lend) -> dict[bytes, tuple[Any, bool]]:
        """Return the callables of a loan that its borrower does not remember."""
        mirror = self._known.get(rank)
        if mirror is None:
            mirror = self._known[rank] = Mirror()
        unknown: dict[bytes, tuple[Any, bool]] = {}
        for part in message.parts:
            digest = part.cargo[0]
            if mirror.get(digest) is None:
                cargo: Any = self.worker.tasks[part.serial].cargo  # opaque to the kernel
                function: Function = cargo.function
                mirror.put(function)
                unknown[digest] = (function.pickled, function.shared)
                assert function.pickled is not None
                self.tally.sent.callables += 1
                self.tally.sent.callable_bytes += function.pickled.size
        return unknown

    def _learn_callables(
        self, sender: int, message: Lend, unknown: dict[bytes, tuple[Any, bool]]
    ) -> Lend:
        """Replace digests by callables, which are not loaded yet."""
        mirror = self._learnt.get(sender)
        if mirror is None:
            mirror = self._learnt[sender] = Mirror()
        parts = []
        for serial, lease, start, stop, key, seconds, (digest, data) in message.parts:
            function = mirror.get(digest)
            if function is None:
                pickled, shared = unknown[digest]
                function = Function(key, digest, pickled, None, shared=shared)
                mirror.put(function)
            parts.append(Part(serial, lease, start, stop, key, seconds, (function, data)))
        return Lend(message.request, tuple(parts), message.constants, message.plenty)

    def pump(self) -> bool:
        """Take what has arrived, and act on it. The lock is held. True if there was anything."""
        arrived = self.transport.poll()
        if len(self.transport.failed) > len(self.worker.lost):
            self._note_dead()
        for sender, frames in arrived:
            if sender in self.worker.lost:
                continue
            actions: Actions = []
            messages = codec.unpack(frames)
            self.tally.received.note(messages, frames)
            for message, extra in messages:
                if type(message) is Lend:
                    message = self._learn_callables(sender, message, extra)  # noqa: PLW2901
                elif type(message) in VALUES:
                    read = self._inward(sender, message)
                    if read is None:
                        continue
                    message = read  # noqa: PLW2901
                actions += self._receive(sender, message)
            self.perform(actions)
        if arrived:
            self.news += 1
            self._nudge()
        return bool(arrived)

    def _receive(self, sender: int, message: Message) -> Actions:
        """Hand a message to whoever it is for. The actions are carried out later, in order."""
        taker = self._takers.get(type(message))
        if taker is not None:
            return taker(sender, message)
        return self.worker.receive(sender, message, now())

    # --- losses ------------------------------------------------------------------------------

    def _note_dead(self) -> None:
        """Act on what the library has found: rank 0 gives the dead up, and all end with the root."""
        for rank in sorted(self.transport.failed - self.worker.lost - self.gone):
            if self.rank == BROKER:
                self.perform(self.declare_lost(rank, "it has died"))
            elif rank == BROKER:
                self._take_loss(self.rank, Lost(BROKER, "it has died"))

    def declare_lost(self, rank: int, what: str) -> Actions:
        """Give a rank up, on rank 0: everybody hears of it, the rank itself too."""
        if self.dismissed:
            self.gone.add(rank)  # its goodbye is lost, or comes later
        if rank in self.worker.lost or rank in self.gone:
            return []
        why = self.losses[rank] = self.describe_loss(rank, what)
        return [Send(to, Lost(rank, why)) for to in range(self.ranks)]

    def _take_loss(self, _: int, loss: Lost) -> Actions:
        """Forget a lost rank. This rank itself, or the root: then this rank ends."""
        rank = loss.rank
        if rank in self.worker.lost:
            return []
        self.on_loss(rank, loss.why)
        self.transport.forget(rank)
        self._known.pop(rank, None)
        self._learnt.pop(rank, None)
        actions = self.worker.receive(BROKER, loss, now())
        if self.rank == BROKER:
            actions += self._broker.lose(rank)
            self._registry.lose(rank)
        self.news += 1
        self._nudge()
        return actions

    def _take_life(self, sender: int, message: Message) -> Actions:
        """Take a message of the job's life."""
        if isinstance(message, Ready):
            self.ready.add(sender)
        elif isinstance(message, Problem):
            if self.problem is None:
                self.problem, self.problem_code = message
        elif isinstance(message, Halt):
            self.halted = message.code
        elif isinstance(message, Bye):
            self.gone.add(sender)
        return []

    def _take_figures(self, sender: int, message: Figures) -> Actions:
        answers = self.tally.answers.get(message.number)
        if answers is not None:  # else it comes too late
            answers[sender] = message.figures
        return []

    # --- constants ---------------------------------------------------------------------------

    def _outward(self, rank: int, message: Any) -> Message:
        """Put the values of constants as that rank can read them."""
        outward = self.blocks.outward
        items = tuple((*item[:-1], outward(rank, item[-1])) for item in message.items)
        changed: Message = message._replace(items=items)
        return changed

    def _inward(self, sender: int, message: Any) -> Message | None:
        """Read the values of constants; None, if they were asked for as a whole instead."""
        inward = self.blocks.inward
        try:
            items = tuple((*item[:-1], inward(sender, item[-1])) for item in message.items)
        except OSError:
            again = Behind(self.worker.constants.number, whole=True)
            self.perform(
                [Send(sender, Unread(message.ticket) if type(message) is Define else again)]
            )
            return None
        read: Message = message._replace(items=items)
        return read

    def _take_behind(self, sender: int, message: Behind) -> Actions:
        if message.whole:
            self.blocks.send_whole_to(sender)
        return self.worker.receive(sender, message, now())

    def _take_news_of_constants(self, sender: int, message: Message) -> Actions:
        """Take an answer of rank 0, or a change: whoever waits for any looks whether it is his."""
        actions = self.worker.receive(sender, message, now())
        if type(message) is Unread:
            self.blocks.send_whole_to(sender)
        elif self.let_go is not None:
            wait = Wait(0)
            wait.holder = self.let_go
            actions.append(Resume(wait))
        for wait in self._constant_waits:
            wait.needed = 0
            actions.append(Resume(wait))
        self._constant_waits.clear()
        return actions

    def compute(self, *, short: bool = False) -> None:
        """Say that this thread leaves its pump for user code, which may be known to be short."""
        self.dozing = False
        self.waited_s += now() - self.dozing_since
        self.bell.leave_to_ticker(leave=True)
        if self.still:
            self.awake.set()
        if not short:  # what came while this thread was awake has rung nobody
            with self.lock:
                self.look()

    def look(self) -> bool:
        """Take all that has come. The lock is held. True if there was anything.

        It is all only when two looks in a row find nothing, for the reason of `LAST_LOOKS`.
        """
        found = False
        misses = 0
        while misses < 2:
            if self.pump():
                found, misses = True, 0
            else:
                misses += 1
        return found

    def _nudge(self) -> None:
        """Wake the main thread, if another thread has given it something to do."""
        if self.dozing and threading.get_ident() != self.thread:
            self.bell.ring(self.rank)
