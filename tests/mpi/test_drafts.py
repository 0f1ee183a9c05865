"""Drafts over real MPI: whatever is done with one, its call runs once, and nobody waits for ever."""

from __future__ import annotations

import pytest

from .conftest import SERIAL, Job


@pytest.mark.parametrize("ranks", [SERIAL, 1, 2, 3])
def test_a_draft_is_a_call_like_any_other(job: Job, ranks: int) -> None:
    """In random trees of calls, some of which look at their futures before they ask for the values."""
    ended = job("drafts.py", "0", "40", ranks=ranks)
    assert ended.stdout == "ok\n", ended.stderr
