"""Every example, run as a user would, prints exactly what expected/NAME.txt says.

Serially, with one rank and with three: the output of an example never depends on how many ranks
there are. Renew the golden files (from the serial run) and read the difference before committing it:

    SCOOP_MPI_RENEW_GOLDEN=1 python -m pytest tests/examples

The packages that examples need (deap, scikit-learn) are in the `test` extra; where one is missing,
its example fails and says which.
"""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import textwrap
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = sorted((REPOSITORY / "examples").glob("*.py"))
EXPECTED = Path(__file__).parent / "expected"
RENEW = os.environ.get("SCOOP_MPI_RENEW_GOLDEN") == "1"
TIMEOUT_S = 120

LAUNCHES = {
    "serial": [],
    "n1": ["-m", "scoop_mpi", "-n", "1"],
    "n3": ["-m", "scoop_mpi", "-n", "3"],
}


def run_example(python: str, launch: list[str], example: Path, cwd: Path) -> str:
    """Run one example in `cwd` and return its standard output; fail if it fails or takes too long."""
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    }
    process = subprocess.Popen(
        [python, *launch, str(example)],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A group of its own, so that a run that hangs is ended together with all its ranks.
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        pytest.fail(f"{example.name} still ran after {TIMEOUT_S} s. It said:\n{stdout}\n{stderr}")
    if missing := re.search(r"No module named '(.+)'", stderr):
        pytest.fail(f"{example.name} needs the package {missing[1]!r} beside {python}")
    assert process.returncode == 0, stderr
    return stdout


@pytest.mark.timeout(2 * TIMEOUT_S)
@pytest.mark.parametrize("launch", LAUNCHES)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_output_is_as_expected(example: Path, launch: str, mpi_python: str, tmp_path: Path) -> None:
    """The same bytes on standard output, whatever runs it."""
    printed = run_example(mpi_python, LAUNCHES[launch], example, tmp_path)
    golden = EXPECTED / f"{example.stem}.txt"
    if RENEW and launch == "serial":
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")


@pytest.mark.timeout(4 * TIMEOUT_S)
def test_picture_is_the_same_in_parallel(mpi_python: str, tmp_path: Path) -> None:
    """The picture at the end of the Mandelbrot example: a PNG, and bitwise the same with three ranks."""
    pictures = []
    for launch in ("serial", "n3"):
        folder = tmp_path / launch
        folder.mkdir()
        run_example(mpi_python, LAUNCHES[launch], REPOSITORY / "examples" / "mandelbrot.py", folder)
        pictures.append((folder / "mandelbrot.png").read_bytes())
    serial, parallel = pictures
    assert serial.startswith(b"\x89PNG\r\n\x1a\n")
    assert serial == parallel


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_docstring_tells_command_and_output(example: Path) -> None:
    """What a docstring shows as the example's output is its output."""
    docstring = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8"))) or ""
    assert f"python -m scoop_mpi -n 4 examples/{example.name}" in docstring
    _, found, shown = docstring.partition("\nOutput")
    assert found, "the docstring has no paragraph that starts with «Output»"
    _, _, block = shown.partition(":\n")
    golden = (EXPECTED / f"{example.stem}.txt").read_text(encoding="utf-8")
    assert textwrap.dedent(block).strip() == golden.strip()


def test_every_golden_file_has_its_example() -> None:
    """No golden file outlives its example."""
    assert {path.stem for path in EXPECTED.glob("*.txt")} <= {path.stem for path in EXAMPLES}
