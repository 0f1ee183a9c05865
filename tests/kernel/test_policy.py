"""Policy: how much to lend and to run, for whatever was measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoop_mpi._kernel import policy

SECONDS = st.one_of(st.none(), st.just(0.0), st.floats(1e-9, 1e5))


@given(st.integers(1, 10**9), st.integers(1, 20_000), SECONDS, st.integers(1, 10**6))
def test_piece_is_possible(left: int, ranks: int, call_s: float | None, largest: int) -> None:
    """A piece has at least one call, at most what is left, and grows step by step."""
    calls = policy.piece(left, ranks, call_s, largest)
    assert 1 <= calls <= left
    assert calls <= policy.GROWTH * largest


@given(st.integers(1, 10**9), st.integers(1, 20_000), SECONDS)
def test_a_piece_is_a_fair_share_or_worth_its_lending(
    left: int, ranks: int, call_s: float | None
) -> None:
    """More than a fair share is lent only where all fair shares would take longer to lend."""
    calls = policy.piece(left, ranks, call_s, 10**9)
    if calls > -(-left // ranks):
        assert call_s is not None
        call_s = max(call_s, policy.CLOCK_S)
        assert (calls - 1) * call_s <= left / (calls - 1) * policy.LEND_S * 1.001


@given(st.integers(1, 10**9), st.integers(1, 20_000), SECONDS)
def test_block_is_possible(left: int, ranks: int, call_s: float | None) -> None:
    """A block has at least one call, at most what is left, and is short; the last may be longer."""
    calls = policy.block(left, ranks, call_s)
    assert 1 <= calls <= left
    if call_s and calls > 1:
        crumb_s = policy.PROMPT_S if calls == left else 0
        assert call_s * calls <= (policy.BLOCK_MOST_S + crumb_s) * 1.001


def test_blocks_shrink_towards_the_end() -> None:
    """Much work is claimed in large blocks, and little in small ones, so that ranks end together."""
    calls = [policy.block(left, 2, 1e-5) for left in (100_000, 1_000, 500, 100, 30)]
    assert calls == [400, 62, 31, 29, 30]
    assert policy.block(1_000, 64, 1e-5) == 29


def test_unknown_callables_travel_one_by_one() -> None:
    """Nobody lends many calls of unknown length."""
    assert policy.piece(1000, 2, None, 64) == 1
    assert policy.block(1000, 2, None) == 1


def test_pieces_shrink_towards_the_end() -> None:
    """Of long calls, a piece is about a third of the fair share of what is left."""
    assert policy.piece(1200, 4, 1.0, 10**6) == 100
    assert policy.piece(12, 4, 1.0, 10**6) == 1


def test_short_calls_travel_by_the_grain() -> None:
    """Of short calls, a piece is worth the grain, but not more than the fair share."""
    assert policy.piece(10_000, 4, 1e-5, 10**6) * 1e-5 >= policy.grain_s(4)
    assert policy.piece(8, 4, 1e-3, 10**6) == 2


def test_the_last_calls_are_handed_out_as_fast_as_they_run() -> None:
    """With more hungry ranks than calls, a lender that went around one by one would be too slow."""
    assert policy.piece(4000, 4096, 0.01, 10**6) == 3
    assert policy.piece(40, 4096, 0.01, 10**6) == 1


def test_durations_fade() -> None:
    """Newer measurements weigh more, and the oldest keys are forgotten."""
    durations = policy.Durations()
    assert durations.expect("f") is None
    durations.note("f", 1.0, 1)
    for _ in range(50):
        durations.note("f", 0.1, 1)
    assert durations.expect("f") == pytest.approx(0.1, rel=0.01)
    for number in range(policy.KEYS):
        durations.note(f"g{number}", 1.0, 1)
    assert durations.expect("f") is None


def test_hints_yield_to_measurements() -> None:
    """Somebody else's estimate counts only where there is no own one."""
    durations = policy.Durations()
    durations.hint("f", -1.0)
    assert durations.expect("f") is None
    durations.hint("f", 2.0)
    durations.hint("f", 3.0)
    assert durations.expect("f") == 2.0


def test_root_spares_itself_at_scale() -> None:
    """Rank 0 runs anything in a small job, and only known short calls in a large one."""
    few, many = policy.ROOT_HELPS_UP_TO, policy.ROOT_HELPS_UP_TO + 1
    assert policy.root_may_run(few, None)
    assert policy.root_may_run(few, 100.0)
    assert not policy.root_may_run(many, None)
    assert not policy.root_may_run(many, 1.0)
    assert policy.root_may_run(many, 1e-5)


def test_outcomes_wait_longer_in_large_jobs() -> None:
    """An owner from whom all borrow hears at most so often."""
    assert policy.outbox_s(1) == policy.OUTBOX_LOAN_S
    for ranks in (64, 1024, 16_384):
        assert ranks / policy.outbox_s(ranks) <= 20_001
