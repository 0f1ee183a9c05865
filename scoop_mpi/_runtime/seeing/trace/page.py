"""A run as one page for a browser: nothing is fetched, so it works anywhere, and for ever.

Whatever comes from the program (names, hosts) is escaped: in text as HTML, in data as JSON without `<`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Sequence
from html import escape

from scoop_mpi._runtime.seeing.trace import figures
from scoop_mpi._runtime.seeing.trace.advice import advice, busy_share, percent, seconds, size
from scoop_mpi._runtime.seeing.trace.run import Run

_COLOURS = ("#2f6fb0", "#2a9d8f", "#8a5cc4", "#c2567a", "#5c8a2f", "#b5643c", "#3b8fb8", "#7d7a3a")
"""Of functions, those that took most first; the last is that of all others."""

_FUNCTIONS = 30
_MATRIX = 16
"""Traffic of up to so many ranks is shown for each pair."""

_BINS = range(24)
"""Of a function's histogram: from less than 1 us to more than 4 s, each twice as long."""

_BIN = 8
_WIDE = _BIN * len(_BINS)

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
{body}
<div id="tip"></div>
<script type="application/json" id="run">{data}</script>
<script>
{js}</script>
</body>
</html>
"""


def page(run: Run) -> str:
    """Return the page."""
    body = "\n".join(
        (
            _head(run),
            _section("What it says", _advice(run)),
            _section("Timeline", _timeline(run)),
            _section("Ranks", _ranks(run)),
            _section("Functions", _functions(run)),
            '<div class="two">',
            "<div>" + _section("Longest calls", _longest(run)) + "</div>",
            "<div>" + _section("Traffic", _traffic(run)) + "</div>",
            "</div>",
            _notes(run),
        )
    )
    return _PAGE.format(
        title=escape(f"{run.program}, {run.size} ranks"),
        css=_beside("page.css"),
        js=_beside("page.js"),
        body=body,
        data=_data(run),
    )


def _beside(name: str) -> str:
    """Return a file of this folder."""
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()


def _section(title: str, content: str) -> str:
    return f"<h2>{title}</h2>\n{content}"


def _head(run: Run) -> str:
    hosts = len({record.host for record in run.ranks.values()})
    calls = sum(function.calls for function in figures.functions(run))
    own = sum(function.own_s for function in figures.functions(run))
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.began_at))
    where = f"{hosts} host{'s' * (hosts > 1)}"
    ranks = f"{run.size} rank{'s' * (run.size > 1)}"
    cards = (
        (seconds(run.seconds), "from start to end"),
        (percent(busy_share(run)), "of the time ranks were busy"),
        (f"{calls:,}", f"call{'s' * (calls != 1)}, {seconds(own / max(1, calls))} each"),
        (f"{own / (run.seconds or 1.0):.2f}", f"ranks' worth of calls, of {run.size}"),
    )
    shown = "".join(
        f'<div class="card"><b>{escape(figure)}</b><span class="soft">{escape(what)}</span></div>'
        for figure, what in cards
    )
    return (
        f'<h1>{escape(run.program)}</h1>\n<p class="soft">{ranks} on {where}, {began}</p>\n'
        f'<div class="cards">{shown}</div>'
    )


def _advice(run: Run) -> str:
    items = "".join(
        f"<li{' class=good' * told.good}>{escape(told.what)} <span>{escape(told.do)}</span></li>"
        for told in advice(run)
    )
    return f'<ul class="advice">{items}</ul>'


# --- the timeline ----------------------------------------------------------------------------


def _colours(run: Run) -> dict[str, str]:
    names = [function.name for function in figures.functions(run)]
    return {name: _COLOURS[min(at, len(_COLOURS) - 1)] for at, name in enumerate(names)}


def _data(run: Run) -> str:
    """Return what the page's script draws."""
    colours = _colours(run)
    names: dict[tuple[str, str], int] = {}
    ranks = []
    for record in run.sorted():
        numbers = [names.setdefault(name, len(names)) for name in record.names]
        at = [round(1e6 * slice_.start_s) for slice_ in record.slices]
        at.append(round(1e6 * record.slices[-1].stop_s))
        ranks.append(
            {
                "rank": record.rank,
                "host": record.host,
                "at": [moment - before for before, moment in zip([0, *at], at, strict=False)],
                "what": [numbers[slice_.what] for slice_ in record.slices],
            }
        )
    told = {
        "end": max(1, round(1e6 * run.seconds)),
        "names": [(kind, name, colours.get(name, _COLOURS[-1])) for kind, name in names],
        "ranks": ranks,
    }
    return json.dumps(told, separators=(",", ":")).replace("<", "\\u003c")


def _timeline(run: Run) -> str:
    colours = _colours(run)
    shown = list(colours.items())[: len(_COLOURS) - 1]
    if len(colours) > len(shown):
        shown.append(("other functions", _COLOURS[-1]))
    kinds = (
        ("the program", "program"),
        ("waits", "waits"),
        ("nothing to do", "idle"),
        ("starts", "starts"),
    )
    shown += [(words, f"var(--{kind})") for words, kind in kinds]
    legend = _legend(shown)
    return (
        f'<div class="box">{legend}<canvas id="timeline"></canvas>'
        '<p class="soft small">Turn the wheel to zoom, drag to move, double-click for all of it.</p></div>'
    )


def _legend(shown: Iterable[tuple[str, str]]) -> str:
    items = "".join(
        f'<span><i style="background:{colour}"></i>{escape(words)}</span>'
        for words, colour in shown
    )
    return f'<div class="legend">{items}</div>'


# --- tables ----------------------------------------------------------------------------------


def _ranks(run: Run) -> str:
    kinds = ("calls", "program", "waits", "starts")
    rows = []
    for share in figures.shares(run):
        parts = "".join(
            f'<i style="width:{100.0 * getattr(share, kind):.3f}%;background:var(--{kind})"></i>'
            for kind in kinds
        )
        host = f'<span class="soft">{escape(share.host)}</span>'
        busy = percent(share.calls + share.program)
        rows.append(
            f'<div class="rank"><span class="host">{share.rank} {host}</span>'
            f'<div class="bar">{parts}</div><span>{busy}</span></div>'
        )
    legend = _legend(
        (words, f"var(--{kind})")
        for words, kind in (
            ("calls", "calls"),
            ("the program", "program"),
            ("waits", "waits"),
            ("starts", "starts"),
            ("nothing to do", "idle"),
        )
    )
    return f'<div class="box tall">{legend}{"".join(rows)}</div>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. The cells are HTML."""
    head = "".join(f"<th>{text}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="box"><table><tr>{head}</tr>{body}</table></div>'


def _functions(run: Run) -> str:
    found = figures.functions(run)
    if not found:
        return '<p class="soft">No calls were made.</p>'
    whole = run.size * (run.seconds or 1.0)
    rows = [
        (
            _named(function.name),
            f"{function.calls:,}",
            seconds(function.mean_s),
            seconds(function.longest_s),
            seconds(function.own_s),
            percent(function.own_s / whole),
            _histogram(function.buckets, _colours(run)[function.name]),
        )
        for function in found[:_FUNCTIONS]
    ]
    heads = (
        "function",
        "calls",
        "mean",
        "longest",
        "in all",
        "of all ranks",
        _scale(),
    )
    more = len(found) - len(rows)
    note = f'<p class="soft small">{more} more functions are not shown.</p>' if more else ""
    return _table(heads, rows) + note


def _named(name: str) -> str:
    return f"<code>{escape(name)}</code>"


def _histogram(buckets: dict[int, int], colour: str) -> str:
    """Return a small picture of how long calls took; the height is a logarithm."""
    most = max(buckets.values(), default=1).bit_length()
    bars = ""
    for at in _BINS:
        calls = sum(n for bucket, n in buckets.items() if min(bucket, _BINS[-1]) == at)
        if calls:
            tall = 22.0 * calls.bit_length() / most
            bars += f'<rect x="{_BIN * at}" y="{24 - tall:.1f}" width="{_BIN - 1}" height="{tall:.1f}"/>'
    return (
        f'<svg width="{_WIDE}" height="27" fill="{colour}" role="img">{bars}'
        f'<path d="M0 24.5H{_WIDE}M{_BIN}.5 24v3M{11 * _BIN}.5 24v3M{21 * _BIN}.5 24v3" '
        'stroke="currentColor" opacity=".25"/></svg>'
    )


def _scale() -> str:
    """Return the head of the histograms: bins of 1 us, 1 ms and 1 s begin below these words."""
    words = "".join(
        f'<text x="{_BIN * at}" y="12">{text}</text>'
        for at, text in ((1, "1 µs"), (11, "1 ms"), (21, "1 s"))
    )
    return f'<svg width="{_WIDE}" height="14" fill="currentColor">{words}</svg>'


def _longest(run: Run) -> str:
    rows = [
        (
            _named(call.function)
            + (f" <span class=soft>x {call.calls}</span>" if call.calls > 1 else ""),
            seconds(call.seconds),
            str(call.rank),
            f"{call.start_s:.3f} s",
        )
        for call in figures.longest(run)
    ]
    if not rows:
        return '<p class="soft">No calls were made.</p>'
    return _table(("function", "took", "on rank", "from"), rows)


def _traffic(run: Run) -> str:
    sent = {record.rank: record.sent for record in run.sorted()}
    most = max((size_ for row in sent.values() for _, size_ in row.values()), default=0)
    if not most:
        return '<p class="soft">Nothing was sent.</p>'
    if run.size > _MATRIX:
        rows = []
        for rank, row in sent.items():
            messages = sum(count for count, _ in row.values())
            rows.append((f"{rank}", f"{messages:,}", size(sum(size_ for _, size_ in row.values()))))
        return _table(("from rank", "messages", "bytes"), rows).replace("box", "box tall", 1)
    ranks = range(run.size)
    head = "<th class=soft>from \\ to</th>" + "".join(f"<th>{rank}</th>" for rank in ranks)
    body = ""
    for rank in ranks:
        cells = ""
        for to in ranks:
            messages, size_ = sent.get(rank, {}).get(to, (0, 0))
            strong = 6 + 54 * size_ // most if size_ else 0
            style = f"background:color-mix(in srgb, var(--mark) {strong}%, transparent)"
            title = f"{messages:,} messages"
            cells += f'<td style="{style}" title="{title}">{size(size_) if size_ else ""}</td>'
        body += f"<tr><th>{rank}</th>{cells}</tr>"
    return f'<div class="box matrix"><table><tr>{head}</tr>{body}</table></div>'


def _notes(run: Run) -> str:
    notes = []
    merged = max((record.merged_s for record in run.ranks.values()), default=0.0)
    if merged:
        notes.append(
            f"The timeline was long: where things took less than {seconds(merged)}, neighbours are shown as "
            "one. All figures are exact."
        )
    if run.missing:
        notes.append(f"{len(run.missing)} of {run.size} ranks are missing here.")
    notes.append(
        "A call's time is that from its start to its end, waits included; for short calls, the mean of those "
        "that were run in one go. "
        "&ldquo;In all&rdquo; leaves waits out. Clocks of hosts were compared at the start and the end."
    )
    shown = "".join(f"<p>{note}</p>" for note in notes)
    return f'<div class="soft small notes">{shown}</div>'
