"""Spans: a set of indices, held against Python's own sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scoop_mpi._kernel.spans import Spans

SIZE = 40
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["front", "back", "at", "remove", "add"]),
        st.integers(0, SIZE),
        st.integers(1, SIZE),
    ),
    max_size=60,
)


def members(spans: Spans) -> set[int]:
    """Return the indices as a set."""
    return {index for start, stop in spans for index in range(start, stop)}


@given(MOVES)
def test_spans_behave_as_a_set(moves: list[tuple[str, int, int]]) -> None:
    """Whatever is taken and put back, Spans hold what a set would hold, in merged runs."""
    spans, model = Spans(0, SIZE), set(range(SIZE))
    out: list[tuple[int, int]] = []
    for move, index, most in moves:
        taken: tuple[int, int] | None = None
        if move == "front" and model:
            taken = spans.take_front(most)
            assert taken[0] == min(model)
        elif move == "back" and model:
            taken = spans.take_back(most)
            assert taken[1] == max(model) + 1
        elif move == "at":
            taken = spans.take_at(index, most)
            assert (taken is None) == (index not in model)
        elif move == "remove":
            wanted = set(range(index, index + most))
            removed = spans.remove(index, index + most)
            assert removed == (wanted <= model)
            taken = (index, index + most) if removed else None
        elif move == "add" and out:
            start, stop = out.pop(index % len(out))
            spans.add(start, stop)
            model |= set(range(start, stop))
        if taken is not None:
            assert set(range(*taken)) <= model
            assert taken[1] - taken[0] <= most
            model -= set(range(*taken))
            out.append(taken)
        spans.validate()
        assert members(spans) == model
        assert spans.count == len(model)
        assert (index in spans) == (index in model)


def test_empty() -> None:
    """Spans of nothing hold nothing."""
    spans = Spans(3, 3)
    assert spans.count == 0
    assert list(spans) == []
    assert spans.take_at(3, 1) is None
    assert not spans.remove(3, 4)


def test_repr_tells_the_runs() -> None:
    """The repr shows the runs."""
    spans = Spans(0, 9)
    spans.take_at(3, 2)
    assert repr(spans) == "Spans(0..3, 5..9)"
