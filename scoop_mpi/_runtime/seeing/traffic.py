"""What a rank sends and receives, counted by message; and bytes that it sends again and again.

Counting is by bundle: messages that leave together share their bytes, which are booked under the
kind of which bundles are large.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scoop_mpi._kernel.protocol import MESSAGES, Constants, Define, Lend, Message, Outcomes
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.stderr import say

_HEAVY = frozenset({Lend, Outcomes, Define, Constants})
"""Kinds that hold users' data."""


class Traffic:
    """One direction: what was sent, or what was received.

    Attributes:
        kinds: Kind of message -> [messages, bytes].
        out_of_band: Bytes of large buffers, which travel as themselves; counted in the above, too.
        callables: How many callables went along ...
        callable_bytes: ... and their size.
    """

    __slots__ = ("callable_bytes", "callables", "kinds", "out_of_band")

    def __init__(self) -> None:
        self.kinds: dict[type[Message], list[int]] = {kind: [0, 0] for kind in MESSAGES}
        self.out_of_band: int = 0
        self.callables: int = 0
        self.callable_bytes: int = 0

    def note(self, messages: Sequence[tuple[Message, Any]], frames: Sequence[Any]) -> None:
        """Count a bundle."""
        size = len(frames[0])
        if len(frames) > 1:
            large = sum(frame.nbytes for frame in frames[1:])
            self.out_of_band += large
            size += large
        heaviest = type(messages[0][0])
        if len(messages) > 1:
            for message, _ in messages:
                kind = type(message)
                self.kinds[kind][0] += 1
                if kind in _HEAVY:
                    heaviest = kind
        else:
            self.kinds[heaviest][0] += 1
        self.kinds[heaviest][1] += size

    def totals(self) -> dict[str, tuple[int, int]]:
        """Return, by the name of the kind, (messages, bytes)."""
        return {kind.__name__: (n, size) for kind, (n, size) in self.kinds.items() if n}


class Repeated:
    """Notices that the same large bytes go to the same rank with call after call.

    The first times bytes are told apart by a few samples, then by a checksum of all of them.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int, int], tuple[int, int | None]] = {}
        """(rank, size, samples) -> how often, and the checksum once it is looked at."""
        self.told: bool = False

    def note(self, rank: int, key: str, frames: Sequence[Any]) -> None:
        """Look at the buffers of a loan; say so, once."""
        for frame in frames:
            size = frame.nbytes
            if size >= settings.REPEATED_BYTES and not self.told and self._again(rank, frame):
                self.told = True
                say(
                    f"scoop_mpi: the same {size / 1e6:.1f} MB are sent with call after call of {key} "
                    f"({settings.REPEATED_TIMES} times to rank {rank} so far). As functools.partial("
                    "function, data) they would be sent once to each rank for each map, as "
                    "shared.setConst(data=data) once for the whole job: see docs/data.md."
                )

    def _again(self, rank: int, frame: memoryview) -> bool:
        step = frame.nbytes // 16
        samples = b"".join(bytes(frame[at : at + 64]) for at in range(0, frame.nbytes - 63, step))
        name = rank, frame.nbytes, hash(samples)
        times, before = self._seen.get(name, (0, None))
        times += 1
        checksum = None
        if times >= settings.REPEATED_TIMES // 2:
            from zlib import crc32  # noqa: PLC0415  costs start-up time

            checksum = crc32(frame)
            if checksum != before and before is not None:
                times = settings.REPEATED_TIMES // 2
        if len(self._seen) >= settings.REPEATED_KNOWN:
            self._seen.clear()
        self._seen[name] = times, checksum
        return times >= settings.REPEATED_TIMES


class Tally:
    """All that a rank counts of its messages, and of its time.

    Attributes:
        sent: To other ranks.
        received: From them.
        repeated: What notices that the same is sent again and again.
        busy_s: How long calls ran here, their waits excluded.
        longest_s: The longest block of calls that ran here, ...
        longest_of: ... and its key.
        inquiries: How often this rank has asked for statistics; ...
        answers: ... the number of an inquiry that waits -> rank -> its figures.
    """

    def __init__(self) -> None:
        self.sent: Traffic = Traffic()
        self.received: Traffic = Traffic()
        self.repeated: Repeated = Repeated()
        self.busy_s: float = 0.0
        self.longest_s: float = 0.0
        self.longest_of: str = ""
        self.inquiries = 0
        self.answers: dict[int, dict[int, tuple[Any, ...]]] = {}

    def note_block(self, key: str, seconds: float) -> None:
        """Count the time of a block that is not a part of another call, or runs in its wait."""
        self.busy_s += seconds
        if seconds > self.longest_s:
            self.longest_s, self.longest_of = seconds, key
