"""Arrays of numbers that have come before: made again without pickle, and no different for it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from scoop_mpi._kernel.protocol import Lend, Part
from scoop_mpi._runtime.values import arrays, codec
from scoop_mpi._runtime.values.codec import Pickled, dumps, loads, loads_once, pack, unpack

LARGE = np.arange(120_000.0).reshape(300, 400)
SMALL = LARGE[:3].copy()

KINDS = {
    "C": LARGE,
    "F": np.asfortranarray(LARGE),
    "small C": SMALL,
    "small F": np.asfortranarray(SMALL),
    "both orders": LARGE[0].copy(),
    "big-endian": SMALL.astype(">f4"),
    "complex": SMALL.astype("c16"),
    "bool": LARGE > 5,
    "bytes": np.arange(9, dtype="u1"),
    "no axis": np.array(5.0),
    "one": np.zeros((1, 1, 1), "i2"),
}


@pytest.fixture(autouse=True)
def _nothing_is_known() -> Iterator[None]:
    """Each test starts as a new process."""
    arrays.pickles.clear()
    arrays.kinds.clear()
    yield
    arrays.pickles.clear()
    arrays.kinds.clear()


def travelled(pickled: Pickled) -> Pickled:
    """Return it as another rank gets it."""
    lend = Lend(1, (Part(1, 1, 0, 1, "", 0.0, pickled),), 0)
    frames = [bytearray(frame) for frame in pack([(lend, None)])]
    [(message, _)] = unpack([frames[0], *map(memoryview, frames[1:])])
    got: Pickled = message.parts[0].cargo  # type: ignore[attr-defined]  # of a Lend
    return got


@pytest.mark.parametrize("wrap", [lambda array: array, lambda array: (array,)])
@pytest.mark.parametrize("name", KINDS)
def test_the_third_is_as_the_first(name: str, wrap: Any) -> None:
    """In type, shape, order, values and rights; and nobody shares memory with anybody."""
    mine = KINDS[name].copy("K")
    seen: list[Any] = [mine]
    for _ in range(4):
        pickled = dumps(wrap(mine))
        assert pickled.data == pickle.dumps(wrap(mine), 5, buffer_callback=lambda _: None)
        for load, of in ((loads, pickled), (loads_once, travelled(pickled)), (loads, pickled)):
            got = load(of)
            assert type(got) is type(wrap(mine))
            array = got[0] if type(got) is tuple else got
            assert (type(array), array.dtype, array.shape) == (np.ndarray, mine.dtype, mine.shape)
            assert array.flags.c_contiguous == mine.flags.c_contiguous
            assert array.flags.f_contiguous == mine.flags.f_contiguous
            assert array.tobytes("A") == mine.tobytes("A")
            assert not any(np.shares_memory(array, other) for other in seen)
            array[...] = 0
            seen.append(array)
    assert list(arrays.kinds.values()) == [arrays.kind_of(wrap(mine))[0]]  # type: ignore[index]  # not None


def test_a_small_one_is_as_it_was_at_the_call() -> None:
    """As all small arguments are; what is written to it later is not sent."""
    mine = SMALL.copy()
    for _ in range(3):
        pickled = dumps(mine)
        mine[0, 0] += 1
        assert loads(pickled)[0, 0] == mine[0, 0] - 1


class Noted(np.ndarray):
    """An array that is more."""


@pytest.mark.parametrize(
    "value",
    [
        LARGE[::2, ::3],
        np.broadcast_to(np.arange(400.0), (300, 400)),
        LARGE.view(Noted),
        np.ma.masked_less(SMALL, 100.0),
        np.array([{}, None], dtype=object),
        np.array(["a", "b"]),
        np.arange(5).astype("M8[us]"),
        np.zeros(5, dtype=[("a", "i4"), ("b", "f8")]),
        np.zeros(5, dtype=np.dtype("f8", metadata={"unit": "m"})),
        np.empty((0, 5)),
        (SMALL, 1),
        [SMALL],
        "text",
    ],
    ids=lambda value: f"{type(value).__name__} {getattr(value, 'dtype', '')}",
)
def test_what_is_no_plain_array_of_numbers_is_pickled(value: Any) -> None:
    """As before."""
    assert arrays.kind_of(value) is None


def test_the_read_only_stay_so() -> None:
    """However many have come."""
    mine = LARGE.copy()
    mine.flags.writeable = False
    assert not any(loads(dumps(mine)).flags.writeable for _ in range(4))


class Counted:
    """Pickles to a call that makes an array of its buffer, and counts."""

    made = 0

    def __reduce_ex__(self, _: Any) -> Any:
        return _count, (pickle.PickleBuffer(LARGE),)


def _count(buffer: Any) -> np.ndarray:
    Counted.made += 1
    return np.frombuffer(buffer).reshape(300, 400)


def test_what_makes_an_array_by_code_of_its_own_is_always_asked() -> None:
    """Its pickle is another than the array's, so it is never taken for one."""
    for number in range(1, 5):
        assert loads(dumps(Counted())).shape == (300, 400)
        assert Counted.made == number


class Wordy:
    """Pickles to a buffer and a long text."""

    def __reduce_ex__(self, _: Any) -> Any:
        return _first, (pickle.PickleBuffer(LARGE), "x" * arrays.LONGEST)


def _first(buffer: Any, _: str) -> Any:
    return buffer


def test_long_pickles_are_not_kept() -> None:
    """They may be of any size, and are none of an array; one of 64 axes is short."""
    for _ in range(3):
        loads(dumps(Wordy()))
    assert not arrays.kinds
    assert len(dumps(np.ones((1,) * 64)).data) < arrays.LONGEST


def test_many_shapes_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program whose arrays all differ keeps nothing for them."""
    monkeypatch.setattr(arrays, "_MOST", 8)
    for size in (*range(1, 30), *range(1, 30)):
        assert codec.loads(dumps(np.zeros(size))).shape == (size,)
        assert max(len(arrays.pickles), len(arrays.kinds)) <= 8
