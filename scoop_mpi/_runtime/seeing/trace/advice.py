"""What a run's figures say, in sentences: the most important ones first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scoop_mpi._runtime.seeing.trace import figures
from scoop_mpi._runtime.seeing.trace.run import Run

_BUSY = 0.9
"""Ranks that are busy for this part of the time are well used."""

_MUCH = 0.2
"""A part of the time that is worth a sentence."""

_SOME = 0.02
"""What takes less than this part of the time is not worth one."""

_TINY_S = 20e-6
"""Calls below this cost about as much as handing them out."""

_MANY = 1_000
_LARGE = 1 << 20


class Advice(NamedTuple):
    """A sentence that says what is, and one that says what to do."""

    what: str
    do: str
    good: bool = False


def advice(run: Run) -> list[Advice]:
    """Return what is to be said of a run."""
    found = [*_missing(run), *_program(run), *_few(run), *_tail(run), *_waits(run)]
    found += [*_tiny(run), *_traffic(run), *_starts(run)]
    busy = busy_share(run)
    if not found or busy >= _BUSY:
        text = f"Ranks ran calls or the program for {percent(busy)} of the time."
        found.insert(
            0, Advice(text, "There is little to gain." if busy >= _BUSY else "", good=True)
        )
    return found


def busy_share(run: Run) -> float:
    """Return for which part of the time ranks ran calls or the program."""
    shares = figures.shares(run)
    return sum(share.calls + share.program for share in shares) / max(1, len(shares))


def percent(share: float) -> str:
    """Return a share for people."""
    return f"{100.0 * share:.0f} %"


def seconds(time_s: float) -> str:
    """Return a time for people."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if time_s >= 0.9995 * size:
            value = time_s / size
            return f"{value:,.0f} {unit}" if value >= 99.95 else f"{value:.3g} {unit}"
    return f"{time_s * 1e6:.2g} µs"


def size(count: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5 or unit == "GB":
            break
        count /= 1000.0
    return f"{count:.3g} {unit}" if count < 999.5 else f"{count:,.0f} {unit}"


def numbers(ranks: list[int]) -> str:
    """Return ranks for people: Rank 3; Ranks 1-4, 7."""
    runs: list[list[int]] = []
    for rank in sorted(ranks):
        if runs and rank == runs[-1][1] + 1:
            runs[-1][1] = rank
        else:
            runs.append([rank, rank])
    texts = [f"{first}-{last}" if last > first else f"{first}" for first, last in runs]
    more = f" and {len(texts) - 8} more" if len(texts) > 9 else ""
    return ("Ranks " if len(ranks) > 1 else "Rank ") + ", ".join(texts[: 8 if more else 9]) + more


def _missing(run: Run) -> Iterator[Advice]:
    for rank, why in sorted(run.missing.items())[:4]:
        yield Advice(f"What rank {rank} did is not known: {why}.", "It is missing on this page.")
    if len(run.missing) > 4:
        yield Advice(f"So it is with {len(run.missing) - 4} more ranks.", "")


def _program(run: Run) -> Iterator[Advice]:
    root = next((share for share in figures.shares(run) if share.rank == 0), None)
    others = [share for share in figures.shares(run) if share.rank != 0]
    if root is None or not others or root.program < _MUCH:
        return
    idle = sum(share.idle for share in others) / len(others)
    if idle > _MUCH / 2:
        yield Advice(
            f"The program itself, outside of calls, ran for {percent(root.program)} of the time; the other "
            f"ranks had nothing to do for {percent(idle)}.",
            "Make it into calls, or submit calls before it rather than after it.",
        )


def _few(run: Run) -> Iterator[Advice]:
    if run.size == 1:
        return
    for function in figures.functions(run)[:3]:
        part = function.own_s / (run.size * (run.seconds or 1.0))
        if function.calls < 2 * run.size and part > _MUCH / 2 and function.mean_s > 10 * _TINY_S:
            yield Advice(
                f"{function.name}: {function.calls} call{'s' * (function.calls > 1)} for {run.size} ranks, "
                f"of {seconds(function.mean_s)}, the longest of {seconds(function.longest_s)}.",
                "More and shorter calls fill the ranks evenly.",
            )


def _tail(run: Run) -> Iterator[Advice]:
    last = figures.last_calls(run)
    if len(last) < 2:
        return
    end, name = max(last.values())
    first = min(stop for stop, _ in last.values())
    lost = sum(end - stop for stop, _ in last.values()) / (len(last) * (run.seconds or 1.0))
    if lost > _MUCH / 4:
        rank = max(last, key=lambda at: last[at])
        yield Advice(
            f"At the end ranks had nothing to do for up to {seconds(end - first)}, until rank {rank} ended "
            f"a call of {name}.",
            "Put the longest calls first, or make them shorter.",
        )


def _waits(run: Run) -> Iterator[Advice]:
    groups: dict[str, list[tuple[int, float]]] = {}
    for record in run.sorted():
        name, waited = figures.waited_for(record)
        share = waited / (run.seconds or 1.0)
        if share > _MUCH:
            groups.setdefault(name, []).append((record.rank, share))
    for name, waits in groups.items():
        mean = sum(share for _, share in waits) / len(waits)
        ranks = numbers([rank for rank, _ in waits])
        yield Advice(
            f"{ranks} waited {percent(mean)} of the time for {name or 'constants'}, and had nothing else.",
            "Ask for results later, or have more calls under way meanwhile.",
        )
    idle = [share for share in figures.shares(run) if share.idle > _MUCH]
    if idle:
        mean = sum(share.idle for share in idle) / len(idle)
        yield Advice(
            f"{numbers([share.rank for share in idle])} had nothing to do for {percent(mean)} of the time.",
            "Look at the timeline: what runs then, and on which rank?",
        )


def _tiny(run: Run) -> Iterator[Advice]:
    whole = run.size * (run.seconds or 1.0)
    for function in figures.functions(run)[:8]:
        matters = function.own_s > _SOME * whole
        if matters and function.calls >= _MANY and function.mean_s < _TINY_S:
            yield Advice(
                f"{function.name}: {function.calls:,} calls of {seconds(function.mean_s)} each.",
                "To make a call costs about as much: let each do more.",
            )


def _traffic(run: Run) -> Iterator[Advice]:
    calls = sum(function.calls for function in figures.functions(run))
    total = sum(size_ for record in run.sorted() for _, size_ in record.sent.values())
    if calls and total / calls > _LARGE:
        yield Advice(
            f"{size(total)} were sent, {size(total / calls)} a call.",
            "Make what all calls need a constant (scoop_mpi.shared), or read it where it is needed.",
        )


def _starts(run: Run) -> Iterator[Advice]:
    shares = figures.shares(run)
    mean = sum(share.starts for share in shares) / len(shares)
    if mean > _MUCH / 2:
        longest = max(share.starts for share in shares) * run.seconds
        yield Advice(
            f"It took up to {seconds(longest)} until ranks had imported the program, {percent(mean)} of "
            "their time.",
            "A longer run minds it less; or import inside of functions what only the root needs.",
        )
