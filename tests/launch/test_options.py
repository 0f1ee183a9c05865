"""What the launcher's options do to the ranks: to all of them, and alike for one and for several."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command

PROGRAMS = Path(__file__).parent / "programs"
LINES = (
    "import sys\n"
    "from scoop_mpi import futures\n"
    "def write(x):\n"
    "    for line in range(200):\n"
    "        print(f'{x}:' + chr(97 + x) * (line * 7 % 3000))\n"
    "if __name__ == '__main__':\n"
    "    list(futures.map(write, range(8)))\n"
)
BUSY = (
    "from scoop_mpi import futures\n"
    "def busy(turns):\n"
    "    for _ in range(turns):\n"
    "        pass\n"
    "if __name__ == '__main__':\n"
    "    busy(3_000_000)\n"
    "    list(futures.map(busy, [300_000] * 30))\n"
)
"""Next to what it takes, nothing else that a profile shows does."""


@pytest.fixture(params=[1, 2])
def tell(request: pytest.FixtureRequest, command: Command, mpi_python: str, tmp_path: Path) -> Any:
    """Start tell_options.py with options, and return what all of its ranks agree upon."""

    def run(*options: str, **environ: str) -> dict[str, Any]:
        launch = [mpi_python, "-m", "scoop_mpi", "-n", str(request.param), *options]
        program = PROGRAMS / "tell_options.py"
        ended = command(*launch, program, cwd=tmp_path, **environ)
        assert ended.status == 0, ended.stderr
        lines = set(ended.stdout.splitlines())
        assert len(lines) == 1, lines
        found: dict[str, Any] = json.loads(lines.pop())
        return found | {"ranks": request.param}

    return run


def test_path(tell: Any, tmp_path: Path) -> None:
    """The folder to run in; what the command line names is looked for where it was typed."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "env").write_text("export SOURCED=wrong\n")
    (tmp_path / "env").write_text("export SOURCED='a b'\n")
    found = tell("--path", "there", "--prolog", "env")
    assert found["folder"] == str(tmp_path / "there")
    assert found["sourced"] == "a b"


def test_environment(tell: Any) -> None:
    """With the very value, or as it is."""
    assert tell("--env", "FOO=a 'b' $c")["foo"] == "a 'b' $c"
    assert tell("--env", "FOO", FOO="here")["foo"] == "here"


def test_nice(tell: Any) -> None:
    """Every rank, not the launcher."""
    assert tell("--nice", "3")["nice"] == os.nice(0) + 3


def test_pythonpath(tell: Any, tmp_path: Path) -> None:
    """More folders of modules, in front of those that were there."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "helper.py").write_text("")
    assert tell("--pythonpath", str(tmp_path / "modules"))["helper"]


def test_python_interpreter(tell: Any, mpi_python: str, tmp_path: Path) -> None:
    """Another Python than the launcher's."""
    other = Path(mpi_python).parent / "another python"
    wrapper = tmp_path / "another python"
    wrapper.write_text(f'#!/bin/sh\nexec env SOURCED=other "{mpi_python}" "$@"\n')
    wrapper.chmod(0o755)
    assert not other.exists()
    found = tell(
        "--python-interpreter", str(wrapper), PATH=f"{Path(mpi_python).parent}:/bin:/usr/bin"
    )
    assert found["sourced"] == "other"


def test_alias_can_be_left_out(tell: Any) -> None:
    """On every rank."""
    assert tell()["alias"]
    assert not tell("--no-scoop-alias")["alias"]


def test_verbosity(tell: Any) -> None:
    """SCOOP's three levels."""
    levels = [tell(option)["level"] for option in ("-q", "-v", "-vv", "--debug")]
    assert levels == [30, 10, 10, 10]
    assert tell()["level"] == 20


def test_cores_are_shared_as_threads(tell: Any) -> None:
    """Unless the user said otherwise; one rank alone has them all."""
    environ = {"SLURM_CPUS_PER_TASK": ""}
    found = tell(**environ)
    share = max(1, len(os.sched_getaffinity(0)) // found["ranks"])
    assert found["threads"] == (None if found["ranks"] == 1 else str(share))
    assert tell(OMP_NUM_THREADS="7")["threads"] == "7"


def test_moot_options_are_told(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """One line each says why they do nothing; with -q, none."""
    program = tmp_path / "program.py"
    program.write_text("")
    for options, lines in ((["--tunnel", "-b", "2"], 2), (["-q", "--tunnel"], 0)):
        ended = command(mpi_python, "-m", "scoop_mpi", "-n", "1", *options, program, cwd=tmp_path)
        assert (ended.status, ended.stderr.count("does nothing here")) == (0, lines)


def test_profile(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """A file for each rank, that pstats reads, and their sums."""
    (tmp_path / "busy.py").write_text(BUSY)
    launch = [mpi_python, "-m", "scoop_mpi", "-n", "2", "--profile"]
    assert command(*launch, "busy.py", cwd=tmp_path).status == 0
    files = sorted(path.name for path in (tmp_path / "profile").iterdir())
    assert files == ["rank-0.prof", "rank-1.prof", "summary.txt"]
    summary = (tmp_path / "profile" / "summary.txt").read_text()
    assert summary.startswith("Sums over 2 of 2 ranks\n")
    assert "(busy)" in summary and "By own time" in summary and "By time with" in summary
    code = "import pstats; print('busy' in str(pstats.Stats('profile/rank-0.prof').stats))"
    assert command(sys.executable, "-c", code, cwd=tmp_path).stdout == "True\n"


def test_check(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """Tells every rank, and needs no program."""
    ended = command(mpi_python, "-m", "scoop_mpi", "-n", "3", "--check", cwd=tmp_path)
    assert ended.status == 0, ended.stderr
    assert [line.split()[0] for line in ended.stdout.splitlines()[:4]] == ["rank", "0", "1", "2"]
    assert "3 ranks on 1 host." in ended.stdout


def test_lines_arrive_whole(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """However many ranks write at once; with --label each says whose it is."""
    (tmp_path / "lines.py").write_text(LINES)
    expected = sorted(
        f"{x}:" + chr(97 + x) * (line * 7 % 3000) for x in range(8) for line in range(200)
    )
    launch = [mpi_python, "-m", "scoop_mpi", "-n", "4"]
    ended = command(*launch, "lines.py", cwd=tmp_path)
    assert sorted(ended.stdout.splitlines()) == expected
    ended = command(*launch, "--label", "lines.py", cwd=tmp_path)
    labelled = [line for line in ended.stdout.splitlines() if line]
    assert sorted(line.split(" ")[-1] for line in labelled) == expected
    assert all(line[0] == "[" for line in labelled)


def test_what_is_started_is_told(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """With -v."""
    launch = [mpi_python, "-m", "scoop_mpi", "-n", "2", "-v"]
    ended = command(*launch, PROGRAMS / "tell_options.py", cwd=tmp_path)
    assert "scoop_mpi: 2 ranks on this host, started by /" in ended.stderr
