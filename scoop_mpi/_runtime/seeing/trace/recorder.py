"""What one rank does, moment by moment.

At every moment a rank does one thing: it runs a call of some function, the program itself, it waits
in one of these, or it has nothing to do. Only the changes are recorded. Calls that lie upon one
another in waits need no more than that, whatever order they go on in.

Nothing of this is in the loop: its methods are replaced on this one object, when recording begins.

Memory is bounded: when there are too many changes, neighbours that are shorter than some time become
one, and so do later ones. Sums are exact all the same.
"""

from __future__ import annotations

import heapq
import threading
from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

from scoop_mpi._kernel.task import Block, Loan
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now

CALL, PROGRAM, WAIT, IDLE, START = "call", "program", "wait", "idle", "start"
"""What a rank can do; `START` is what comes before: before the program, or before it is imported."""

LIMIT = 20_000
"""Changes that a rank keeps ..."""

LEAST = 500
"""... at least, where many ranks share ..."""

SHARED = 400_000
"""... so many."""

LONGEST = 10
_FIRST_MERGED_S = 1e-5
_MESSAGES = 5_000


class Kept:
    """What is known of all calls of one function on this rank."""

    __slots__ = ("blocks", "buckets", "calls", "longest_s", "seconds")

    def __init__(self) -> None:
        self.calls = self.blocks = 0
        self.seconds = self.longest_s = 0.0
        """From start to end, their waits included."""
        self.buckets: dict[int, int] = {}
        """The binary logarithm of a call's time in us -> how many calls."""


class Recorder:
    """Records what a rank does, from now on.

    Args:
        clock: Seconds.
    """

    def __init__(self, loop: Loop, clock: Callable[[], float] = now) -> None:
        self._loop = loop
        self._clock = clock
        self._limit = max(LEAST, min(LIMIT, SHARED // loop.ranks))
        self.merged_s = 0.0
        """Neighbours shorter than this have become one."""
        self.began = clock()
        self.names: list[tuple[str, str]] = []
        """What a rank can do: one of the kinds, and the key of a function."""
        self._numbers: dict[tuple[str, str], int] = {}
        self.totals: list[float] = []
        """For each of these, how long this rank did it."""
        self.at = array("d")
        self.what = array("i")
        """When this rank began to do what; it ends with the next."""
        self.functions: dict[str, Kept] = {}
        self.longest: list[tuple[float, float, int, str, int]] = []
        """The longest calls: seconds each, when, how many, of what, and made on which rank."""
        self.messages: deque[tuple[float, int, int, int]] = deque(maxlen=_MESSAGES)
        """When a message went to (from: negative, less one) which rank; its number, and bytes."""
        self.sent: dict[int, list[int]] = {}
        """To each rank: messages, bytes."""
        self.received: dict[int, int] = {}
        self.last_sent: dict[int, float] = {}
        self.last_received: dict[int, float] = {}
        self._sought = ""
        self._waits: list[int] = []
        """Callers that wait here, as numbers."""
        self._resting: set[int] = set()
        """Numbers of what is no work."""
        self._now = self.number(START, "")
        self.at.append(self.began)
        self.what.append(self._now)
        self._since = self.began
        self._replace()

    def number(self, kind: str, name: str) -> int:
        """Return the number of what a rank can do."""
        number = self._numbers.get((kind, name))
        if number is None:
            number = self._numbers[kind, name] = len(self.names)
            self.names.append((kind, name))
            self.totals.append(0.0)
            if kind in (WAIT, IDLE):
                self._resting.add(number)
        return number

    def enter(self, number: int) -> float:
        """Do something else from now on."""
        moment = self._clock()
        self.totals[self._now] += moment - self._since
        self._since = moment
        if number != self._now:
            self._now = number
            self.at.append(moment)
            self.what.append(number)
            if len(self.at) > self._limit:
                self._merge()
        return moment

    def _rest(self) -> int:
        """Return what is done here when a call has ended that no caller ran by itself."""
        return self._waits[-1] if self._waits else self.number(IDLE, "")

    def close(self) -> float:
        """Count what has not ended; return when that was."""
        return self.enter(self._now)

    def _merge(self) -> None:
        """Make one of neighbours that are short, until half of them are gone."""
        while len(self.at) > self._limit // 2:
            self.merged_s = 2.0 * self.merged_s or _FIRST_MERGED_S
            self.at, self.what = merged(self.at, self.what, self._since, self.merged_s)

    # --- in place of the loop's own ----------------------------------------------------------

    def _replace(self) -> None:
        loop, me = self._loop, self._loop.rank
        loop.drafting = False  # `run` sees every call
        # By their names, when they are called: an executor makes the loop one of another class.
        enter, functions, resting = self.enter, self.functions, self._resting

        def run(block: Block) -> None:
            if threading.get_ident() != loop.thread:
                type(loop).run(loop, block)
                return
            before = self._now
            source = block.source
            key = source.key
            owner = source.owner if type(source) is Loan else me
            started = enter(self.number(CALL, key))
            try:
                type(loop).run(loop, block)
            finally:
                ended = enter(self._rest() if before in resting else before)
                kept = functions.get(key)
                if kept is None:
                    kept = functions[key] = Kept()
                self._note(kept, key, owner, block.stop - block.start, started, ended)

        def park(wait: Any, until: float | None = None, offered: float | None = None) -> None:
            if threading.get_ident() != loop.thread:
                type(loop).park(loop, wait, until, offered)
                return
            before, sought = self._now, self._sought
            number = self.number(WAIT, sought)
            self._waits.append(number)
            enter(number)
            try:
                type(loop).park(loop, wait, until, offered)
            finally:
                self._waits.remove(number)
                self._sought = sought
                enter(before)

        vars(loop).update(run=run, park=park)
        self._replace_waits()
        if loop.ranks > 1:
            self._replace_transport()

    def _replace_waits(self) -> None:
        """Note what is waited for."""
        loop, enter = self._loop, self.enter

        def obtain(task: Any, *args: Any, **kwargs: Any) -> Any:
            before, self._sought = self._sought, task.key
            try:
                return type(loop).obtain(loop, task, *args, **kwargs)
            finally:
                self._sought = before

        def await_any(wait: Any, tasks: Any, until: float | None) -> bool:
            before, self._sought = self._sought, tasks[0].key if tasks else ""
            try:
                return type(loop).await_any(loop, wait, tasks, until)
            finally:
                self._sought = before

        def serve() -> None:
            enter(self.number(IDLE, ""))
            type(loop).serve(loop)

        vars(loop).update(obtain=obtain, await_any=await_any, serve=serve)

    def _replace_transport(self) -> None:
        """Note what is sent and received. Both are called under the loop's lock."""
        transport: Any = self._loop.transport
        send_, poll_, clock = transport.send, transport.poll, self._clock

        def send(rank: int, frames: list[Any]) -> None:
            moment = self.last_sent[rank] = clock()
            size = sum(memoryview(frame).nbytes for frame in frames)
            sent = self.sent.setdefault(rank, [0, 0])
            sent[0] += 1
            sent[1] += size
            self.messages.append((moment, rank, sent[0], size))
            send_(rank, frames)

        def poll() -> list[tuple[int, list[Any]]]:
            arrived: list[tuple[int, list[Any]]] = poll_()
            for rank, _ in arrived:
                moment = self.last_received[rank] = clock()
                number = self.received[rank] = self.received.get(rank, 0) + 1
                self.messages.append((moment, -1 - rank, number, 0))
            return arrived

        vars(transport).update(send=send, poll=poll)

    def _note(
        self, kept: Kept, key: str, owner: int, calls: int, started: float, ended: float
    ) -> None:
        """Note a block of calls that has ended."""
        seconds = ended - started
        each_s = seconds / (calls or 1)
        kept.blocks += 1
        kept.calls += calls
        kept.seconds += seconds
        bucket = int(each_s * 1e6).bit_length()
        kept.buckets[bucket] = kept.buckets.get(bucket, 0) + calls
        kept.longest_s = max(kept.longest_s, each_s)
        longest = self.longest
        if len(longest) < LONGEST:
            heapq.heappush(longest, (each_s, started, calls, key, owner))
        elif each_s > longest[0][0]:
            heapq.heapreplace(longest, (each_s, started, calls, key, owner))


def merged(
    at: array[float], what: array[int], end: float, least_s: float
) -> tuple[array[float], array[int]]:
    """Return a timeline of which neighbours that are shorter than a time have become one.

    What they become is what was done longest.
    """
    new_at, new_what = array("d"), array("i")
    times: dict[int, float] = {}
    begin = end
    for position, start in enumerate(at):
        stop = at[position + 1] if position + 1 < len(at) else end
        if stop - start >= least_s or (times and stop - begin >= 2.0 * least_s):
            if times:
                new_at.append(begin)
                new_what.append(max(times, key=lambda number: times[number]))
                times = {}
            if stop - start >= least_s:
                new_at.append(start)
                new_what.append(what[position])
                continue
        if not times:
            begin = start
        times[what[position]] = times.get(what[position], 0.0) + stop - start
    if times:
        new_at.append(begin)
        new_what.append(max(times, key=lambda number: times[number]))
    return new_at, new_what
