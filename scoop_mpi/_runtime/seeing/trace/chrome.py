"""A run in the format of Chrome's tracing: for Perfetto (ui.perfetto.dev), chrome://tracing, Speedscope."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from scoop_mpi._runtime.seeing.trace.recorder import IDLE
from scoop_mpi._runtime.seeing.trace.run import RankRecord, Run

_WORDS = {"program": "the program", "wait": "waits for ", "start": "starts", "call": ""}


def timeline(run: Run) -> str:
    """Return a timeline as JSON: a process and its thread for each rank, arrows for messages."""
    events = [event for record in run.sorted() for event in _events(record)]
    told = {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {
            "program": run.program,
            "ranks": run.size,
            "missing ranks": {str(rank): why for rank, why in run.missing.items()},
        },
    }
    return json.dumps(told, separators=(",", ":"))


def _events(record: RankRecord) -> Iterator[dict[str, Any]]:
    place = {"pid": record.rank, "tid": 0}
    name = f"rank {record.rank} on {record.host}"
    yield {"ph": "M", "name": "process_name", **place, "args": {"name": name}}
    yield {"ph": "M", "name": "process_sort_index", **place, "args": {"sort_index": record.rank}}
    for start_s, stop_s, what in record.slices:
        kind, function = record.names[what]
        if kind == IDLE:
            continue
        yield {
            "ph": "X",
            "name": f"{_WORDS[kind]}{function}",
            "cat": kind,
            "ts": _us(start_s),
            "dur": _us(stop_s - start_s),
            **place,
        }
    for crossing in record.crossings:
        event = {
            "ph": "s" if crossing.is_start else "f",
            "name": "message",
            "cat": "message",
            "id": f"{crossing.sender}>{crossing.receiver}#{crossing.number}",
            "ts": _us(crossing.at_s),
            **place,
        }
        yield event | ({"args": {"bytes": crossing.bytes}} if crossing.is_start else {"bp": "e"})


def _us(seconds: float) -> float:
    return round(1e6 * seconds, 1)
