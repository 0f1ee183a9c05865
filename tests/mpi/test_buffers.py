"""Large data: arrives as it was, belongs to who gets it, and costs its own size and no more."""

from __future__ import annotations

import pytest

from .conftest import Job
from .test_programs import SIZES


@pytest.mark.parametrize("ranks", SIZES)
def test_values_with_buffers_stay_as_they_are(job: Job, ranks: int) -> None:
    """Arrays of numpy of all kinds, bytes, tables of pandas, Arrow; here and elsewhere."""
    ended = job("buffers.py", ranks=ranks)
    assert (ended.status, ended.stderr) == (0, ""), ended
    *missing, last = ended.stdout.splitlines()
    assert last == "ok", ended
    if missing:
        pytest.skip(f"the rest passed {', '.join(sorted(set(missing)))}: pip install '.[data]'")


def test_a_large_array_costs_no_copy_beside_itself(job: Job) -> None:
    """By the peak of the memory of both ranks, of an argument and of a result of 200 MB."""
    ended = job("peaks.py", ranks=2)
    assert (ended.status, ended.stdout, ended.stderr) == (0, "ok\n", ""), ended


def test_large_data_both_ways_at_once(job: Job) -> None:
    """Every rank lends arrays to the others while it gets theirs: it ends, in bounded memory."""
    ended = job("crossing.py", ranks=4)
    assert (ended.status, ended.stdout, ended.stderr) == (0, "ok\n", ""), ended
