"""Values with buffers, to a call and back: as they were, and whoever gets them owns them."""

from __future__ import annotations

import functools
import importlib.util
import pickle
import sys
from typing import Any

import numpy as np

import scoop_mpi
from scoop_mpi import futures

HERE, AWAY = None, 30.0
"""Timeouts: without one the root runs the call itself; with one it leaves it to others first."""


@functools.cache
def arrays() -> dict[str, np.ndarray]:
    """Return arrays of many kinds, small and large."""
    large = np.arange(120_000.0).reshape(300, 400)
    record = np.zeros(20_000, dtype=[("a", "i4"), ("b", "f8", (2,)), ("c", "S3")])
    record["b"][:, 1] = 7.0
    frozen = large.copy()
    frozen.flags.writeable = False
    return {
        "C": large,
        "F": np.asfortranarray(large),
        "small C": large[:3].copy(),
        "small F": np.asfortranarray(large[:3]),
        "strided": large[::2, ::3],
        "reversed": large[::-1],
        "transposed": large.T,
        "broadcast": np.broadcast_to(np.arange(400.0), (300, 400)),
        "read-only": frozen,
        "big-endian": large.astype(">f4"),
        "complex": large.astype("c16"),
        "bool": large > 5,
        "dates": np.arange(100_000).astype("M8[us]"),
        "text": np.array(["ü" * 20, "b"] * 5_000),
        "objects": np.array([{}, None, "x"] * 5_000, dtype=object),
        "records": record,
        "masked": np.ma.masked_less(large, 1000.0),
        "matrix of none": np.empty((0, 5)),
        "scalar": np.array(5.0),
        "huge axis": np.zeros((1, 1, 200_000, 1), "i2"),
    }


def facts(array: np.ndarray) -> tuple[Any, ...]:
    """Return what must stay as it is. What is not contiguous arrives so, and is its own."""
    whole = array.flags.c_contiguous or array.flags.f_contiguous
    order = (array.flags.c_contiguous, array.flags.f_contiguous) if whole else None
    return type(array), array.dtype, array.shape, order, array.flags.writeable or not whole


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two arrays are alike in all that must stay."""
    mine, yours = facts(one), facts(other)
    if mine[3] is None or yours[3] is None:
        mine, yours = mine[:3], yours[:3]
    if one.dtype.hasobject:
        return mine == yours and one.tolist() == other.tolist()
    return mine == yours and one.tobytes() == other.tobytes()


def take(name: str, array: np.ndarray) -> np.ndarray:
    """Look at an array that has come, write to it, and send back what it was."""
    assert same(array, arrays()[name]), (name, facts(array), facts(arrays()[name]))
    back = array.copy("K")
    back.flags.writeable = array.flags.writeable
    if array.flags.writeable and array.size and array.dtype.kind == "f":
        array[...] = -1
    return back


def numpy_arrays(timeout: float | None) -> None:
    """Dtype, order, shape, values and writeability, to the call and back."""
    mine = arrays.__wrapped__()
    for name, array in mine.items():
        result = futures.submit(take, name, array).result(timeout)
        assert same(result, array), (name, facts(result), facts(array))
        assert same(array, arrays()[name]), f"{name} was written to"
        assert not np.shares_memory(result, array)
        if result.flags.writeable and result.size:
            result[...] = result.flat[0]
        for _ in range(3):  # of a kind that has come before, and by themselves
            again = futures.submit(echo, array).result(timeout)
            assert same(again, array), name
            assert not np.shares_memory(again, array)
    for result, (name, array) in zip(
        futures.map(take, list(mine), list(mine.values())), mine.items(), strict=True
    ):
        assert same(result, array), name


def echo(value: Any) -> Any:
    """Return it."""
    return value


def write(value: Any) -> Any:
    """Write to it, and return it."""
    value[-1] = 7
    return value


def bytes_of_all_kinds(timeout: float | None) -> None:
    """Small and large. A memoryview arrives as bytes, a PickleBuffer as its memory."""
    for size in (1, 1000, 100_000, 5_000_000):
        text = bytes(range(256)) * (size // 256 + 1)
        for kind in (bytes, bytearray):
            value = kind(text)
            result = futures.submit(echo, value).result(timeout)
            assert type(result) is kind and result == value
        value = bytearray(text)
        result = futures.submit(write, value).result(timeout)
        assert result[-1] == 7 and value == text and result is not value
        result = futures.submit(write, pickle.PickleBuffer(bytearray(text))).result(timeout)
        assert result[-1] == 7 and value == text
        result = futures.submit(echo, memoryview(text)).result(timeout)
        assert type(result) is bytes and result == text


def frames(timeout: float | None) -> None:
    """Tables of pandas: dtypes, index, missing values; they can be written to."""
    import pandas as pd

    table = pd.DataFrame(
        {
            "x": np.arange(100_000.0),
            "y": np.arange(100_000, dtype="i2"),
            "when": pd.date_range("2020-01-01", periods=100_000, freq="h", tz="UTC"),
            "kind": pd.Categorical(["a", "b"] * 50_000),
            "text": ["é", None] * 50_000,
            "maybe": pd.array([1, None] * 50_000, dtype="Int64"),
        },
        index=pd.Index(range(5, 100_005), name="n"),
    )
    result = futures.submit(echo, table).result(timeout)
    pd.testing.assert_frame_equal(result, table)
    result.loc[5, "x"] = -1.0
    assert table.loc[5, "x"] == 0.0 and result.loc[5, "x"] == -1.0
    pd.testing.assert_series_equal(futures.submit(echo, table["x"]).result(timeout), table["x"])


def arrow(timeout: float | None) -> None:
    """Arrays and tables of Arrow, which nobody can write to."""
    import pyarrow as pa

    column = pa.array([*range(100_000), None])
    table = pa.table({"a": column, "b": pa.array(["ü", "x"] * 50_000 + ["y"]).dictionary_encode()})
    for value in (column, table, column.slice(10, 50_000), table.schema):
        result = futures.submit(echo, value).result(timeout)
        assert result.equals(value) and type(result) is type(value)


if __name__ == "__main__":
    for place in (HERE, AWAY):
        numpy_arrays(place)
        bytes_of_all_kinds(place)
        for module, check in (("pandas", frames), ("pyarrow", arrow)):
            if importlib.util.find_spec(module):
                check(place)
            elif module in sys.argv:
                raise ImportError(module)
            else:
                print(f"without {module}")
    known = scoop_mpi.statistics().known
    if len(known) > 1:
        assert sum(rank.out_of_band_sent_bytes for rank in known) > 30_000_000
    print("ok")
