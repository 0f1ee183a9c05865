"""Reductions along a tree of ranks, at each size."""

from __future__ import annotations

import pytest

from .conftest import SERIAL, Job
from .test_programs import SIZES, assert_ok

PRINTED: set[str] = set()
"""What the runs of all sizes printed: floats, bit by bit."""


@pytest.mark.parametrize("ranks", [SERIAL, *SIZES])
def test_the_brackets_of_a_reduction_depend_on_the_number_of_items_alone(
    job: Job, ranks: int
) -> None:
    """Slow, fast, large, failing, nested, seeded; by random programs."""
    ended = job("reductions.py", str(100 * ranks), str(100 * ranks + 15), ranks=ranks)
    assert_ok(ended, ranks)
    PRINTED.add(ended.stdout)
    assert len(PRINTED) == 1 and "0x1.2306376e18053p+3" in ended.stdout
