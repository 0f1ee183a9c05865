"""What every test may use.

pytest itself never imports MPI: mpirun, started from a process that holds MPI, fails. Tests start
`python -m scoop_mpi` as a user does, with each interpreter that `mpi_python` gives.

Property tests draw the same examples each time, so that a failure is the change's that meets it.
New ones: SCOOP_MPI_NEW_EXAMPLES=1 python -m pytest tests/kernel
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("same", derandomize=True)
if os.environ.get("SCOOP_MPI_NEW_EXAMPLES") != "1":
    hypothesis.settings.load_profile("same")

OTHER = os.environ.get("SCOOP_MPI_OTHER_PYTHON", "")
"""The interpreter of a second environment, which has the other MPI library."""

PYTHONS = {"this": sys.executable} | ({"other": str(Path(OTHER).absolute())} if OTHER else {})


@pytest.fixture(scope="session", params=PYTHONS)
def mpi_python(request: pytest.FixtureRequest) -> str:
    """The path of an interpreter to start programs with: one for each MPI library at hand."""
    python = PYTHONS[request.param]
    assert Path(python).exists(), f"SCOOP_MPI_OTHER_PYTHON names {python}, which does not exist"
    return python
