"""Maps that read their items as results are taken, at each size."""

from __future__ import annotations

import pytest

from .conftest import SERIAL, Job
from .test_programs import SIZES, assert_ok


@pytest.mark.parametrize("ranks", [SERIAL, *SIZES])
def test_streams_are_the_built_in_map_within_their_bounds(job: Job, ranks: int) -> None:
    """In order or as they come; endless, broken, abandoned, nested, by random programs."""
    assert_ok(job("streams.py", str(100 * ranks), str(100 * ranks + 60), ranks=ranks), ranks)
