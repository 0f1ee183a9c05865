"""Statistics as people read them: a table with a line for each rank, and a paragraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoop_mpi._runtime.seeing.statistics import RankStatistics, Statistics

_HEADS: tuple[str, ...] = ("rank", "calls", "lent", "borrowed", "back", "lost", "busy", "wait")
_HEADS += ("cpu s", "sent", "got", "large", "copied", "callables", "memory", "longest call")

_MOST_LINES = 64
"""With more ranks than this, the table tells of the first half of them and of the last."""


def size(count: float) -> str:
    """Return a number of bytes in three digits or so."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("the last unit is for all that is larger")


def duration(seconds: float) -> str:
    """Return a duration in three digits or so."""
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if seconds * factor >= 1.0:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def table(statistics: Statistics) -> str:
    """Return a line for each rank, and one for all."""
    rows = [_HEADS]
    rows += [_row(rank, number) for number, rank in enumerate(statistics.ranks)]
    if len(rows) > _MOST_LINES:
        half = _MOST_LINES // 2
        rows[1 + half : -half] = [("...", *[""] * (len(_HEADS) - 1))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, *_by_kind(statistics)])


def _row(rank: RankStatistics | None, number: int) -> tuple[str, ...]:
    if rank is None:
        return (str(number), "no answer", *[""] * (len(_HEADS) - 2))
    share = rank.waiting_s / rank.wall_s if rank.wall_s else 0.0
    return (
        str(rank.rank),
        f"{rank.calls:,}",
        f"{rank.lent:,}",
        f"{rank.borrowed:,}",
        f"{rank.given_back:,}",
        f"{rank.lost:,}",
        f"{rank.utilisation:.0%}",
        f"{share:.0%}",
        f"{rank.cpu_s:.2f}",
        size(rank.sent_bytes),
        size(rank.received_bytes),
        size(rank.out_of_band_sent_bytes),
        size(rank.copied_bytes),
        f"{rank.callables_sent:,} ({size(rank.callable_sent_bytes)})",
        size(rank.peak_rss_bytes),
        f"{duration(rank.longest_s)} {rank.longest_of}" if rank.longest_of else "none",
    )


def _by_kind(statistics: Statistics) -> list[str]:
    """Return what was sent by all, by kind, the largest first."""
    kinds: dict[str, tuple[int, int]] = {}
    for rank in statistics.known:
        for kind, (number, count) in rank.sent.items():
            before = kinds.get(kind, (0, 0))
            kinds[kind] = before[0] + number, before[1] + count
    parts = [
        f"{number:,} {kind} ({size(count)})"
        for kind, (number, count) in sorted(kinds.items(), key=lambda kind: -kind[1][1])
    ]
    return ["messages: " + ", ".join(parts)] if parts else []


def summary(statistics: Statistics) -> str:
    """Return a paragraph: how busy ranks were, what was sent, the longest call, what was lost."""
    known = statistics.known
    calls = sum(rank.calls for rank in known)
    shares = [rank.utilisation for rank in known]
    messages = sum(number for rank in known for number, _ in rank.sent.values())
    longest = max(known, key=lambda rank: rank.longest_s)
    wall_s = max(rank.wall_s for rank in known)
    busy = (
        f"{calls:,} calls on {len(known)} rank{'s' * (len(known) > 1)}, which were busy with them for "
        f"{sum(shares) / len(shares):.0%} of {duration(wall_s)} "
        f"(the least {min(shares):.0%}, the most {max(shares):.0%})"
    )
    parts = [busy]
    if longest.longest_of:
        parts.append(
            f"the longest took {duration(longest.longest_s)}, {longest.longest_of} on rank {longest.rank}"
        )
    sent = sum(rank.sent_bytes for rank in known)
    large = sum(rank.out_of_band_sent_bytes for rank in known)
    parts.append(
        f"{messages:,} messages with {size(sent)} were sent, {size(large)} of it large buffers"
    )
    lost = sum(rank.lost for rank in known)
    if lost:
        were = "s were" if lost > 1 else " was"
        parts.append(f"{lost:,} call{were} lost with a rank, and run again or given up")
    if len(known) < len(statistics.ranks):
        missing = [str(number) for number, rank in enumerate(statistics.ranks) if rank is None]
        parts.append(f"no answer from rank {', '.join(missing)}")
    return "; ".join(parts) + "."
