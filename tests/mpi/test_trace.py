"""`--trace` and `--report` on real jobs; the page is opened in a real browser where there is one."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command
from tests.mpi.conftest import PROGRAMS

CHROMIUM = shutil.which("chromium")


def slices_of(trace: Path) -> dict[int, list[dict[str, Any]]]:
    """Return what each rank did, in order."""
    found = defaultdict(list)
    for event in json.loads(trace.read_text())["traceEvents"]:
        if event["ph"] == "X":
            found[event["pid"]].append(event)
    return found


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_a_timeline_of_every_rank(
    command: Command, mpi_python: str, tmp_path: Path, ranks: int
) -> None:
    """A rank does one thing at a time; every message that came had gone before."""
    launch = ["-m", "scoop_mpi", "-n", str(ranks), "--trace", "trace.json"]
    ended = command(mpi_python, *launch, PROGRAMS / "seen.py", cwd=tmp_path)
    assert (ended.status, ended.stdout, ended.stderr) == (0, "begins\n440\n", "")
    found = slices_of(tmp_path / "trace.json")
    assert sorted(found) == list(range(ranks))
    naps = 0.0
    for events in found.values():
        for before, after in pairwise(events):
            assert before["ts"] + before["dur"] <= after["ts"] + 0.2  # of rounding
        naps += sum(event["dur"] for event in events if event["name"] == "nap")
    assert naps > 30 * 0.02e6
    ends: dict[str, dict[str, float]] = {"s": {}, "f": {}}
    for event in json.loads((tmp_path / "trace.json").read_text())["traceEvents"]:
        if event["ph"] in ends:
            ends[event["ph"]][event["id"]] = event["ts"]
    both = ends["s"].keys() & ends["f"].keys()
    assert bool(both) == (ranks > 1)
    assert all(ends["s"][name] <= ends["f"][name] for name in both)


def test_a_failing_program_has_its_files_too(
    command: Command, mpi_python: str, tmp_path: Path
) -> None:
    """They are there, whole, and nothing else is."""
    program = PROGRAMS / "fails_on_worker.py"
    launch = ["-m", "scoop_mpi", "-n", "2", "--trace", "t.json", "--report", "r.html"]
    assert command(mpi_python, *launch, program, cwd=tmp_path).status != 0
    assert min(slices_of(tmp_path / "t.json")) == 0
    assert "</html>" in (tmp_path / "r.html").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "t.json"]


def test_a_lost_rank_is_said_to_be_missing(
    command: Command, mpi_python: str, tmp_path: Path
) -> None:
    """Where the job goes on without it; elsewhere nobody is left to write."""
    words = ["-m", "scoop_mpi", "-n", "3", "--report", "r.html"]
    words += [str(PROGRAMS / "deaths.py"), "kill", str(tmp_path / "mark"), "0"]
    dry = [*words[:2], "--dry-run", *words[2:]]
    if "--with-ft" not in command(mpi_python, *dry, cwd=tmp_path).stdout:
        pytest.skip("this MPI does not outlive its ranks")
    assert command(mpi_python, *words, cwd=tmp_path).status == 0
    assert "is not known: rank" in (tmp_path / "r.html").read_text()


def test_a_file_that_cannot_be_written_is_told_before_the_job(
    command: Command, mpi_python: str, tmp_path: Path
) -> None:
    """Not after hours."""
    launch = ["-m", "scoop_mpi", "-n", "2", "--report", "nowhere/r.html"]
    ended = command(mpi_python, *launch, PROGRAMS / "seen.py", cwd=tmp_path)
    assert (ended.status, ended.stdout) == (2, "")
    assert "--report" in ended.stderr and "cannot be written" in ended.stderr


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: tests/cluster/install browser")
def test_a_browser_shows_the_page(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """Its script runs without an error, draws every rank, and the text is there."""
    launch = ["-m", "scoop_mpi", "-n", "3", "--report", "run.html"]
    assert command(mpi_python, *launch, PROGRAMS / "seen.py", cwd=tmp_path).status == 0
    page = tmp_path / "run.html"
    shown = browse("--dump-dom", page=page)
    assert 'data-drawn="3"' in shown.stdout, shown.stderr
    assert "<td>2,080</td>" in shown.stdout, "calls of tiny, wherever they were made"
    assert "<code>nap</code>" in shown.stdout and "3 ranks on 1 host" in shown.stdout
    assert "Uncaught" not in shown.stderr
    browse(f"--screenshot={tmp_path / 'run.png'}", page=page)
    assert (tmp_path / "run.png").stat().st_size > 10_000


def browse(*options: str, page: Path) -> subprocess.CompletedProcess[str]:
    """Open a page in a browser that nobody sees."""
    assert CHROMIUM is not None
    profile = page.parent / "browser"
    general = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    general += ["--enable-logging=stderr", "--virtual-time-budget=2000", "--window-size=1240,1500"]
    return subprocess.run(
        [CHROMIUM, *general, *options, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
