"""A rank of a plain program imports little: each of these modules costs its start some ms."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "argparse",
    "asyncio",
    "cloudpickle",
    "concurrent.futures",
    "dataclasses",
    "hashlib",
    "importlib.util",
    "inspect",
    "logging",
    "numpy",
    "pathlib",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "traceback",
)

RANK = """
import sys
before = set(sys.modules)
import scoop_mpi.__main__
from scoop_mpi import futures, shared
from scoop_mpi._runtime.life import bootstrap, ending
print(list(futures.map(abs, range(-2, 2))))
print(sorted(set(HEAVY) & (set(sys.modules) - before)))
"""


def test_a_rank_imports_little() -> None:
    """Nothing that only launchers, errors or rare calls need."""
    code = f"HEAVY = {HEAVY}\n{RANK}"
    result = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path}\n{code}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout == "[2, 1, 0, 1]\n[]\n"
