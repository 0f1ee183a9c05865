"""Starts recording on a rank, gathers what all recorded at the job's end, and writes it."""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from typing import Any, Protocol

from scoop_mpi._kernel.protocol import Records
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.seeing.trace import clocks
from scoop_mpi._runtime.seeing.trace.recorder import PROGRAM, Recorder
from scoop_mpi._runtime.seeing.trace.run import RankRecord, Run
from scoop_mpi._runtime.stderr import say
from scoop_mpi._runtime.wire.transport import Mpi, host


class Wanted(Protocol):
    """What is to be written."""

    @property
    def program(self) -> str | None: ...
    @property
    def module(self) -> str | None: ...
    @property
    def trace(self) -> str | None: ...
    @property
    def report(self) -> str | None: ...


class Tracing:
    """Recording on this rank. Every rank makes one, before anything is sent.

    Args:
        transport: How ranks compare their clocks; None for a rank alone.
    """

    def __init__(self, loop: Loop, wanted: Wanted, transport: Mpi | None) -> None:
        self._loop = loop
        self._wanted = wanted
        self._offset = 0.0 if transport is None else clocks.first_offset(transport)
        self._began_at = time.time()
        self._gathered: dict[int, tuple[float, bytes]] = {}
        self._recorder = Recorder(loop)
        if loop.rank == 0:
            loop.at_start = lambda: self._recorder.enter(self._recorder.number(PROGRAM, ""))
            loop.take(Records, lambda rank, message: self._take(rank, message.data))
            loop.at_end.append(self._write)
        else:
            loop.farewell = lambda: Records(self._packed())

    def _packed(self) -> bytes:
        return zlib.compress(json.dumps(self._told(), separators=(",", ":")).encode(), 1)

    def _told(self) -> dict[str, Any]:
        """Return what this rank recorded, as JSON knows it. Times are in us from its beginning."""
        recorder = self._recorder
        end = recorder.close()
        began = recorder.began

        def us(moment: float) -> int:
            return round(1e6 * (moment - began))

        return {
            "host": host(),
            "began": began,
            "end": end,
            "offset": self._offset,
            "halted": recorder.last_received.get(0, end),
            "merged_s": recorder.merged_s,
            "names": recorder.names,
            "totals": recorder.totals,
            "at": [us(moment) for moment in recorder.at],
            "what": list(recorder.what),
            "functions": {
                key: [kept.calls, kept.blocks, kept.seconds, kept.longest_s, kept.buckets]
                for key, kept in recorder.functions.items()
            },
            "longest": recorder.longest,
            "messages": [(us(moment), *rest) for moment, *rest in recorder.messages],
            "cut": _is_full(recorder),
            "sent": recorder.sent,
        }

    # --- rank 0 ------------------------------------------------------------------------------

    def _take(self, rank: int, data: bytes) -> None:
        self._gathered[rank] = now(), data

    def _write(self) -> None:
        """Write what was asked for; what cannot be written is told."""
        run = self.gathered()
        wanted = self._wanted
        if wanted.trace is not None:
            from scoop_mpi._runtime.seeing.trace import chrome  # noqa: PLC0415  only if it was asked for

            _write(wanted.trace, chrome.timeline(run))
        if wanted.report is not None:
            from scoop_mpi._runtime.seeing.trace import page  # noqa: PLC0415  as above

            _write(wanted.report, page.page(run))

    def gathered(self) -> Run:
        """Return what all ranks recorded, on the clock of rank 0."""
        loop = self._loop
        mine = self._told()
        ranks = {0: RankRecord.of(0, mine, mine["began"], (0.0, 0.0))}
        for rank, (arrived, data) in self._gathered.items():
            told = json.loads(zlib.decompress(data))
            first = told["offset"]
            sent = self._recorder.last_sent.get(rank, -float("inf"))
            halted, answered = (sent, told["halted"]), (told["end"], arrived)
            last = clocks.last_offset(first, halted, answered)
            ranks[rank] = RankRecord.of(rank, told, mine["began"], (first, last))
        program = self._wanted.program or self._wanted.module or "a prompt"
        missing = {
            rank: loop.losses.get(rank, "it said nothing at the end")
            for rank in range(loop.ranks)
            if rank not in ranks
        }
        return Run(program, self._began_at, loop.ranks, ranks, missing)


def _is_full(recorder: Recorder) -> bool:
    messages = recorder.messages
    return len(messages) == messages.maxlen


def _write(path: str, text: str) -> None:
    """Write a file at once, or not at all."""
    new = f"{path}.{os.getpid()}.part"
    try:
        with open(new, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        os.replace(new, path)
    except OSError as error:
        say(
            f"scoop_mpi: {path} cannot be written: {error.strerror}. The run itself is not affected."
        )
        with contextlib.suppress(OSError):
            os.unlink(new)
