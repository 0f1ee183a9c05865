"""What is recorded of a run, and what is made of it: timelines, figures, advice and a page."""

from __future__ import annotations

import json
import re
import types
from array import array
from itertools import pairwise
from typing import Any

import pytest

from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.seeing.trace import advice, chrome, clocks, figures, page, recorder
from scoop_mpi._runtime.seeing.trace.run import Function, Long, RankRecord, Run, Slice
from scoop_mpi._runtime.values.callables import encode_function
from scoop_mpi._runtime.values.cargo import CallCargo, MapCargo
from scoop_mpi._runtime.values.codec import IMPORTABLE
from scoop_mpi._runtime.values.columns import encode_columns
from scoop_mpi._runtime.wire.transport import Alone

NASTY = "</script><img src=x onerror=alert(1)>&\"'"


class Clock:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the next second."""
        self.now += 1.0
        return self.now


def identity(value: Any) -> Any:
    """Be a call."""
    return value


def push(loop: Loop, calls: int) -> Any:
    """Push a map of so many calls."""
    columns, _ = encode_columns((range(calls),))
    return loop.push(calls, MapCargo(encode_function(identity, travels=False), columns))


def test_nothing_is_swapped_in_when_it_is_off() -> None:
    """The loop's methods are its class's own, but on a loop that is recorded."""
    loop = Loop(Alone())
    names = {"run", "park", "obtain", "await_any", "serve"}
    assert not names & vars(loop).keys()
    recorder.Recorder(loop)
    assert names <= vars(loop).keys()


def test_a_loop_that_becomes_another_is_recorded_as_that() -> None:
    """An executor changes the loop's class while it is recorded: its methods are the new ones."""

    class Other(Loop):
        """Counts its blocks."""

        seen_blocks = 0

        def run(self, block: Any) -> None:
            """Count, and run."""
            self.seen_blocks += 1
            super().run(block)

    loop: Any = Loop(Alone())
    record = recorder.Recorder(loop)
    loop.__class__ = Other
    loop.obtain(push(loop, 1), 0)
    assert loop.seen_blocks == 1
    assert [kept.calls for kept in record.functions.values()] == [1]


def test_each_moment_belongs_to_one_thing() -> None:
    """A call within another's wait: its time is not that of the other; sums make up the whole."""
    loop, clock = Loop(Alone()), Clock()
    record = recorder.Recorder(loop, clock)

    def outer() -> int:
        inner = push(loop, 1)
        entry = loop.obtain(inner, 0)
        assert entry is not None
        return int(entry[2][0])

    task = loop.push(1, CallCargo(encode_function(outer, travels=False), (), {}))
    assert loop.obtain(task, 0) is not None
    end = record.close()
    did = [
        (record.names[what][0], record.names[what][1].rpartition(".")[2]) for what in record.what
    ]
    assert did == [
        ("start", ""),
        ("call", "outer"),
        ("call", "identity"),
        ("call", "outer"),
        ("start", ""),
    ]
    assert list(record.at) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert sum(record.totals) == end - 1.0
    kept = {
        key.rpartition(".")[2]: (kept.calls, kept.seconds) for key, kept in record.functions.items()
    }
    assert kept == {"outer": (1, 3.0), "identity": (1, 1.0)}


def test_a_rank_that_nobody_waits_on_does_not_wait() -> None:
    """When a call that another caller's wait made room for has ended, what counts is who waits now."""
    loop = Loop(Alone())
    record = recorder.Recorder(loop, Clock())
    record.enter(
        record.number("wait", "f")
    )  # of a caller that has gone on by the time the call ends
    task = push(loop, 1)
    block = loop.worker.claim(task, 0, 0.0)
    assert block is not None
    loop.run(block)
    assert record.names[record.what[-1]] == ("idle", "")


def test_a_function_of_the_program_has_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its calls are counted together, made from the root's module or from a worker's."""
    monkeypatch.setattr(IMPORTABLE, "aliases", frozenset({"__main__", "__scoop_main__"}))
    keys = set()
    for module in ("__main__", "__scoop_main__"):
        made = types.FunctionType((lambda: None).__code__, {})
        made.__module__, made.__qualname__ = module, "f"
        keys.add(encode_function(made, travels=False).key)
    assert keys == {"__main__.f"}


def test_memory_is_bounded_and_sums_stay_exact() -> None:
    """However many changes there are."""
    loop, clock = Loop(Alone()), Clock()
    record = recorder.Recorder(loop, clock)
    one, other = record.number("call", "one"), record.number("call", "other")
    for _ in range(recorder.LIMIT):
        record.enter(one)
        record.enter(other)
    end = record.close()
    assert recorder.LIMIT // 4 < len(record.at) <= recorder.LIMIT
    assert record.merged_s > 1.0
    assert record.totals == [1.0, recorder.LIMIT, recorder.LIMIT]
    assert all(before < after for before, after in pairwise(record.at))
    assert record.at[0] == 1.0 and record.at[-1] < end


def test_short_neighbours_become_what_was_longest() -> None:
    """Long ones stay what they are."""
    at, what = array("d", [0.0, 10.0, 11.0, 13.0, 14.0, 30.0]), array("i", [1, 2, 3, 2, 4, 5])
    assert recorder.merged(at, what, 31.0, 5.0) == (
        array("d", [0.0, 10.0, 14.0, 30.0]),
        array("i", [1, 2, 4, 5]),
    )


@pytest.mark.parametrize(
    ("first", "last"),
    [(5.0, 5.0), (2.0, 3.0), (9.0, 8.0)],
    ids=["no drift", "it went behind", "it went ahead"],
)
def test_a_clock_that_drifted_is_moved_no_further_than_it_must(first: float, last: float) -> None:
    """Halt cannot come before it goes, nor its answer."""
    halted, answered = (103.0, 100.0), (101.0, 109.0)
    assert clocks.last_offset(first, halted, answered) == last


def test_the_first_offset_is_that_of_the_quickest_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Latency makes the difference smaller, never larger; ranks of one host have one clock."""

    class Exchange:
        """Rank 0's clock is 50 s ahead; its word takes 1 to 8 s."""

        def __init__(self, machine: str) -> None:
            self.machine, self.rounds, self.now = machine, 0, 0.0

        def from_root(self, value: object) -> object:
            """Take time, and return what rank 0 said."""
            if isinstance(value, str):
                return self.machine
            self.rounds += 1
            told = self.now + 50.0
            self.now += [4.0, 1.0, 8.0][self.rounds % 3]
            return told

        def everywhere(self, value: object) -> list[object]:
            """Be together."""
            return [value]

    other = Exchange("another")
    monkeypatch.setattr(clocks, "now", lambda: other.now)
    assert clocks.first_offset(other) == 49.0
    same = Exchange(clocks._machine())  # noqa: SLF001  what the other side would say
    monkeypatch.setattr(clocks, "now", lambda: same.now)
    assert clocks.first_offset(same) == 0.0


# --- what is made of it ----------------------------------------------------------------------


def rank(number: int, *did: tuple[str, str, float], calls: int = 1, sent: int = 0) -> RankRecord:
    """Return the record of a rank that did these things, one after the other: kind, name, seconds."""
    names = list(dict.fromkeys((kind, name) for kind, name, _ in did))
    totals, slices, at = [0.0] * len(names), [], 0.0
    functions: dict[str, Function] = {}
    for kind, name, seconds in did:
        what = names.index((kind, name))
        totals[what] += seconds
        slices.append(Slice(at, at + seconds, what))
        at += seconds
        if kind == "call":
            functions[name] = Function(calls, 1, totals[what], seconds / calls, {5: calls})
    longest = [Long(1.0, 0.5, 1, name, number, 0) for name in functions]
    return RankRecord(
        number,
        "host",
        names,
        totals,
        slices,
        functions,
        longest,
        [],
        {0: (1, sent)},
        0.0,
        False,
    )


def run_of(*records: RankRecord, missing: dict[int, str] | None = None) -> Run:
    """Return a run of these ranks."""
    missing = missing or {}
    size = len(records) + len(missing)
    return Run("program.py", 0.0, size, {record.rank: record for record in records}, missing)


def said(run: Run) -> str:
    """Return all advice as one text."""
    return " ".join(f"{told.what} {told.do}" for told in advice.advice(run))


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (
            run_of(
                rank(0, ("program", "", 1.0), ("wait", "f", 9.0)),
                rank(1, ("call", "f", 10.0), calls=50),
            ),
            "Rank 0 waited 90 % of the time for f",
        ),
        (
            run_of(
                rank(0, ("program", "", 10.0)),
                rank(1, ("call", "f", 2.0), ("idle", "", 8.0), calls=50),
            ),
            "The program itself, outside of calls, ran for 100 % of the time",
        ),
        (
            run_of(rank(0, ("call", "f", 3.0), ("wait", "f", 7.0)), rank(1, ("call", "f", 10.0))),
            "f: 2 calls for 2 ranks, of 6.5 s, the longest of 10 s.",
        ),
        (
            run_of(
                rank(0, ("call", "f", 3.0), ("wait", "g", 7.0), calls=90),
                rank(1, ("call", "f", 2.0), ("call", "g", 8.0), calls=90),
            ),
            "nothing to do for up to 7 s, until rank 1 ended a call of g.",
        ),
        (run_of(rank(0, ("call", "f", 1.0), calls=500_000)), "f: 500,000 calls of 2 µs each."),
        (run_of(rank(0, ("call", "f", 1.0), sent=10_000_000)), "10 MB were sent, 10 MB a call."),
        (
            run_of(rank(0, ("call", "f", 1.0)), missing={1: "it has died"}),
            "What rank 1 did is not known: it has died.",
        ),
        (
            run_of(rank(0, ("start", "", 1.0), ("call", "f", 9.0)), rank(1, ("start", "", 3.0))),
            "It took up to 3 s until ranks had imported the program, 20 % of their time.",
        ),
        (
            run_of(rank(0, ("call", "f", 9.5), ("wait", "f", 0.5))),
            "busy for 95 % of the time".replace("busy", "Ranks ran calls or the program"),
        ),
    ],
)
def test_advice(run: Run, words: str) -> None:
    """Says what is, and how much."""
    assert words in said(run)


def test_tiny_calls_that_take_no_time_are_no_news() -> None:
    """Nobody needs to hear of them."""
    run = run_of(rank(0, ("call", "long", 10.0)), rank(1, ("call", "tiny", 0.01), calls=10_000))
    assert "tiny" not in said(run)


def test_ranks_for_people() -> None:
    """Runs of them are told by their ends."""
    assert advice.numbers([3]) == "Rank 3"
    assert advice.numbers([5, 1, 2, 3, 7]) == "Ranks 1-3, 5, 7"
    assert advice.numbers(list(range(0, 40, 2))) == "Ranks 0, 2, 4, 6, 8, 10, 12, 14 and 12 more"


def test_sums_over_ranks() -> None:
    """Calls, seconds and bins are added up, the longest is the longest."""
    run = run_of(rank(0, ("call", "f", 3.0)), rank(1, ("call", "f", 5.0), calls=2))
    (sum_,) = figures.functions(run)
    assert (sum_.calls, sum_.own_s, sum_.longest_s, sum_.buckets) == (3, 8.0, 3.0, {5: 3})


def test_names_are_escaped() -> None:
    """Whatever a function, a host or the program is called, the page says just that."""
    record = rank(0, ("call", NASTY, 1.0), ("wait", NASTY, 1.0))._replace(host=NASTY)
    run = run_of(record, missing={1: NASTY})._replace(program=NASTY)
    text = page.page(run)
    assert "<img" not in text
    assert text.count("</script>") == 2
    data = re.search(r'id="run">(.*?)</script>', text)
    assert data is not None
    told = json.loads(data[1])
    assert told["ranks"][0]["host"] == NASTY
    assert ["call", NASTY] in [name[:2] for name in told["names"]]
    assert not re.findall(r"https?://|@import|\bsrc=\"", text), "nothing may be fetched"


def test_the_timeline_has_what_perfetto_reads() -> None:
    """Complete events with a start and a length in us; nothing for times without work."""
    run = run_of(rank(0, ("call", "f", 1.5), ("idle", "", 1.0), ("wait", "g", 0.5)))
    events = [
        event for event in json.loads(chrome.timeline(run))["traceEvents"] if event["ph"] == "X"
    ]
    assert [(event["name"], event["ts"], event["dur"]) for event in events] == [
        ("f", 0.0, 1.5e6),
        ("waits for g", 2.5e6, 0.5e6),
    ]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (advice.seconds(3.2e-6), "3.2 µs"),
        (advice.seconds(0.9999), "1 s"),
        (advice.seconds(12345.6), "12,346 s"),
        (advice.seconds(0.0), "0 µs"),
        (advice.size(999), "999 B"),
        (advice.size(1_234_567), "1.23 MB"),
        (advice.size(5e12), "5,000 GB"),
    ],
)
def test_figures_for_people(told: str, text: str) -> None:
    """Three digits and a unit."""
    assert told == text
