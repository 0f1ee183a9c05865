"""Lists of hosts in brackets: what holds for all of them, and what Slurm's own tool was seen to say."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoop_mpi._launch import ranges

NAMES = st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n[01-4]", "n01 n02 n03 n04"),
        ("n[1-010]", "n1 n2 n3 n4 n5 n6 n7 n8 n9 n10"),
        ("n[7,1-3]", "n7 n1 n2 n3"),
        ("n[1-2,2]", "n1 n2 n2"),
        ("[1-3]", "1 2 3"),
    ],
)
def test_as_slurm_has_them(text: str, names: str) -> None:
    """The answers of `scontrol show hostnames` 22.05 where one might expect others."""
    assert ranges.expand(text) == names.split()


@pytest.mark.parametrize("text", ["n[1-2", "n1-2]", "a,,b"])
def test_stricter_than_slurm(text: str) -> None:
    """What its tool makes something odd of, such as a host `n]`, is a mistake here."""
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        ranges.expand(text)


@given(st.lists(NAMES, min_size=1))
def test_names_without_brackets(names: list[str]) -> None:
    """Stand for themselves, in their order, however often."""
    assert ranges.expand(",".join(names)) == names


@given(NAMES, st.integers(0, 500), st.integers(0, 50), st.integers(1, 6))
def test_width(name: str, first: int, more: int, width: int) -> None:
    """Numbers are as wide as the first one is written, or as they need."""
    last = first + more
    expected = [f"{name}{number:0{width}}" for number in range(first, last + 1)]
    assert ranges.expand(f"{name}[{first:0{width}}-{last:0{width}}]") == expected


@given(
    st.lists(st.tuples(NAMES, st.lists(st.integers(0, 99), min_size=1, max_size=5)), max_size=3),
    NAMES,
)
def test_several_brackets(parts: list[tuple[str, list[int]]], suffix: str) -> None:
    """Every combination, the last bracket fastest; what stands behind it stays."""
    text = "".join(f"{name}[{','.join(map(str, numbers))}]" for name, numbers in parts) + suffix
    choices = [[f"{name}{number}" for number in numbers] for name, numbers in parts]
    expected = ["".join(chosen) + suffix for chosen in itertools.product(*choices)]
    assert ranges.expand(text) == expected


@pytest.mark.parametrize(
    "text", ["n[1-100001]", "x[1-1000]y[1-1000]", "a[1-60000],b[1-60000]", "n[1-99999999999999]"]
)
def test_too_many(text: str) -> None:
    """Refused at once, wherever the many come from."""
    with pytest.raises(ValueError, match=r"stands for more than 100000 hosts"):
        ranges.expand(text)


def test_many() -> None:
    """As many as are allowed."""
    assert len(ranges.expand("n[1-100000]")) == 100_000


@given(st.text(alphabet="n01[],- ", max_size=12))
def test_whatever_is_typed(text: str) -> None:
    """Is a list of names without brackets, or a ValueError: nothing else comes out."""
    try:
        names = ranges.expand(text)
    except ValueError:
        return
    assert names and all(names)
    assert not set("[],").intersection("".join(names))


@given(st.lists(st.tuples(st.integers(0, 64), st.integers(1, 20)), min_size=1))
def test_counts(runs: list[tuple[int, int]]) -> None:
    """Slurm's short form says the same as the long one."""
    short = ",".join(f"{number}(x{times})" if times > 1 else f"{number}" for number, times in runs)
    long = [number for number, times in runs for _ in range(times)]
    assert ranges.counts(short) == ranges.counts(",".join(map(str, long))) == long
