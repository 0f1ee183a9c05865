"""The benchmark suite runs: what it finds is for people to read, that it works is for us to know."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


def test_a_small_run_writes_table_and_json(tmp_path: Path) -> None:
    """One case, two systems, once; both have figures, and ours has its target beside it."""
    ended = subprocess.run(
        [
            sys.executable,
            str(REPOSITORY / "benchmarks" / "run.py"),
            *("--cases", "tiny", "--systems", "ours,pool", "--repeat", "1"),
            *("--out", str(tmp_path)),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    table = (tmp_path / "table.txt").read_text()
    assert "<= best peer" in table
    results = json.loads((tmp_path / "results.json").read_text())
    assert {"scoop_mpi", "Pool"} <= set(json.dumps(results).replace('"', " ").split())


def test_the_costs_of_a_message_are_measured() -> None:
    """Two ranks in one process pass all the messages of a call that another rank runs."""
    ended = subprocess.run(
        [sys.executable, str(REPOSITORY / "benchmarks" / "handling.py")],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    figures = json.loads(ended.stdout)
    assert 0.0 < figures["message_s"] < 1.0
    assert figures["messages"] >= 3.0  # at least the piece, its outcome, the next request


def test_the_cost_of_recording_is_a_ratio() -> None:
    """The same calls with and without it, in one process."""
    ended = subprocess.run(
        [sys.executable, str(REPOSITORY / "benchmarks" / "recording.py"), "--calls", "100"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "recorded / not recorded = " in ended.stdout


@pytest.mark.parametrize("case", [["stream", "--calls", "1000"], ["reduce", "--megabytes", "1"]])
def test_memory_and_traffic(case: list[str]) -> None:
    """Streams and reductions of arrays are measured, with the figures of every rank."""
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "data.py"), *case, "--ranks", "2"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(run.stdout)
    assert all(len(value) == 2 for value in found.values() if isinstance(value, list))
    assert found["ranks"] == 2
