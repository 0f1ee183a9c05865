"""The pytest plugin: a fixture that runs functions and programs on ranks, for programs' own tests.

    def test_total(scoop_ranks):
        assert scoop_ranks(3).call(total, 10) == 285
        ended = scoop_ranks(3).run("program.py", "10")
        assert ended.stdout.split() == ["285"]

pytest loads this in every session, so it imports nothing before the fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from scoop_mpi.testing.job import Ranks


@pytest.fixture
def scoop_ranks(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ranks]:
    """Return what makes ranks: `scoop_ranks(n, timeout=60)`, see `scoop_mpi.testing.job.Ranks`."""

    def make(n: int, *, timeout: float = 60.0) -> Ranks:
        from scoop_mpi.testing.job import Ranks  # noqa: PLC0415  see above

        return Ranks(n, str(tmp_path_factory.mktemp("scoop_ranks")), timeout)

    return make
