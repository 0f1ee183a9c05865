"""What progress counts, and where it is shown: by an injected clock, on a terminal of our own."""

from __future__ import annotations

import os
import pty
import re
import struct
import sys
import types
from fcntl import ioctl
from termios import TIOCSWINSZ
from typing import Any

import pytest

from scoop_mpi import futures
from scoop_mpi._runtime import here
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.seeing import progress, screens
from scoop_mpi._runtime.values.callables import encode_function
from scoop_mpi._runtime.values.cargo import MapCargo
from scoop_mpi._runtime.values.columns import encode_columns
from scoop_mpi._runtime.wire.transport import Alone


def half(number: int) -> float:
    """Be a call."""
    return number / 2


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return what it was set to."""
        return self.now


def task_of(loop: Loop, calls: int) -> Any:
    """Push a map of so many calls."""
    columns, _ = encode_columns((range(calls),))
    return loop.push(calls, MapCargo(encode_function(half, travels=False), columns))


def test_it_counts_what_is_finished() -> None:
    """Not what is claimed or handed out; rate and time left follow from the clock."""
    loop, clock = Loop(Alone()), Clock()
    meter = progress.Meter(loop, clock=clock)
    task = task_of(loop, 100)
    meter.note(task)
    block = loop.worker.claim(task, 0, 0.0)
    assert block is not None
    assert meter.look().done == 0
    loop.run(block)
    clock.now += 2.0
    counts = meter.look()
    assert (counts.done, counts.calls) == (block.stop - block.start, 100)
    assert counts.per_s == counts.done / 2.0
    assert "half  " in meter.line() and f" {counts.done}/100 calls done " in meter.line()
    left = progress.duration((100 - counts.done) / counts.per_s)
    assert f"{left} left" in meter.line()


def test_a_new_map_counts_anew_and_the_end_counts_all() -> None:
    """A loop of maps shows each of them; the last line has the sum, and what is missing."""
    loop, clock = Loop(Alone()), Clock()
    meter = progress.Meter(loop, "fit", clock)
    for _ in range(2):
        task = task_of(loop, 3)
        meter.note(task)
        assert meter.look()[:2] == (0, 3)
        loop.obtain(task, 0)
        while not task.finished:
            loop.help_along(task)
        clock.now += 30.0
        assert meter.look()[:2] == (3, 3)
        assert meter.line().startswith("fit  ") and "all done" in meter.line()
    meter.note(task_of(loop, 5))
    assert meter.last_line() == "fit: 6 calls ended in 1:00 (6.0/min), 5 have not"


def test_calls_of_calls_are_not_counted() -> None:
    """Only those of the group that asked."""
    loop = Loop(Alone())
    meter = progress.Meter(loop, clock=Clock())
    loop.group = 7
    meter.note(task_of(loop, 3))
    loop.group = 0
    assert meter.look().calls == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (61.4, "1:01"), (3599.6, "1:00:00"), (90061, "25:01:01")]
)
def test_durations(seconds: float, text: str) -> None:
    """As on a clock."""
    assert progress.duration(seconds) == text


def test_nothing_is_swapped_in_when_it_is_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only in the block does the loop's `push` count; a log gets the last line."""
    loop = Loop(Alone())
    monkeypatch.setattr(here, "_current", loop)
    with futures.progress("halves"):
        assert "push" in vars(loop)
        with futures.progress("inner"):
            assert list(futures.map(half, range(4))) == [0.0, 0.5, 1.0, 1.5]
    assert "push" not in vars(loop)
    assert re.search(r"scoop_mpi: halves: 4 calls ended in 0:00 \(", capsys.readouterr().err)


class Paper:
    """A terminal of a few rows, which knows the sequences that we write."""

    def __init__(self, rows: int) -> None:
        self.rows = [""] * rows
        self.row = self.column = 0
        self.last = rows - 1
        self.saved = (0, 0)

    def _down(self) -> None:
        if self.row == self.last:
            del self.rows[0]
            self.rows.insert(self.last, "")
        else:
            self.row += 1

    def read(self, text: str) -> None:
        """Take what is written."""
        for part in re.findall(r"\x1b\[[0-9;]*[a-zA-Z]|\x1b.|.|\n", text):
            if part == "\x1bD":
                self._down()
            elif part == "\x1b7":
                self.saved = self.row, self.column
            elif part == "\x1b8":
                self.row, self.column = self.saved
            elif part == "\n":
                self._down()
                self.column = 0
            elif part == "\r":
                self.column = 0
            elif part.startswith("\x1b["):
                self._control(part[-1], part[2:-1])
            else:
                row = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = row[: self.column] + part + row[self.column + 1 :]
                self.column += 1

    def _control(self, what: str, numbers: str) -> None:
        if what == "r":
            self.last = int(numbers.split(";")[1]) - 1 if numbers else len(self.rows) - 1
            self.row = self.column = 0
        elif what == "H":
            self.row, self.column = int(numbers.partition(";")[0]) - 1, 0
        elif what == "K":
            self.rows[self.row] = ""
        elif what == "A":
            self.row -= 1
        else:
            raise AssertionError(what)


def test_a_terminals_output_stays_whole() -> None:
    """Whoever prints, in the middle of a line or at the end: it scrolls above the last row."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 5, 40, 0, 0))
    terminal, paper = screens.Terminal(theirs), Paper(5)

    def written() -> None:
        paper.read(os.read(ours, 10_000).decode().replace("\r\n", "\n"))

    for line in range(7):
        os.write(theirs, f"line {line} be".encode())
        written()
        terminal.show(f"{line}/7 calls done\x1b[0m")
        written()
        os.write(theirs, b"gins\n")
        written()
    assert paper.rows == [
        "line 4 begins",
        "line 5 begins",
        "line 6 begins",
        "",
        "6/7 calls done?[0m",
    ]
    terminal.close("7 calls ended")
    written()
    assert paper.rows[-1] == "" and paper.last == 4
    os.close(ours)
    os.close(theirs)


def test_a_notebook_rewrites_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a handle of IPython's display."""
    told: list[tuple[str, str]] = []

    class Handle:
        """What IPython gives."""

        def update(self, shown: dict[str, str], *, raw: bool) -> None:
            """Replace it."""
            assert raw
            told.append(("update", shown["text/plain"]))

    def display(shown: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert raw and display_id
        told.append(("display", shown["text/plain"]))
        return Handle()

    shell = types.SimpleNamespace(kernel=object())
    ipython = types.ModuleType("IPython")
    vars(ipython)["get_ipython"] = lambda: shell
    module = types.ModuleType("IPython.display")
    vars(module)["display"] = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    screen = screens.find_screen()
    screen.show("1/2")
    screen.close("2/2")
    assert told == [("display", "1/2"), ("update", "2/2")]
