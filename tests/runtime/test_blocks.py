"""The bytes of large constants: how they go from rank to rank, here all in one process."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from scoop_mpi._kernel.protocol import Constants
from scoop_mpi._runtime.values import codec
from scoop_mpi._runtime.values.blocks import Block, Blocks, load

ARRAY = np.arange(20_000, dtype=float)


def travel(value: Any) -> Any:
    """Send a value as a message does."""
    frames = codec.pack([(Constants(1, "host:0", 0, (("name", value),)), None)])
    ((message, _),) = codec.unpack([memoryview(bytes(frame)) for frame in frames])
    assert isinstance(message, Constants)
    return message.items[0][1]


def test_a_rank_of_the_same_node_opens_what_another_holds() -> None:
    """It is told where, gets no bytes, and holds them by itself from then on."""
    one, other = Blocks(0, ["a", "a"]), Blocks(1, ["a", "a"])
    block = one.make(codec.dumps(ARRAY))
    assert isinstance(block, Block)
    wire = one.outward(1, block)
    assert wire[-1] is None
    got = other.inward(0, travel(wire))
    assert got is not block and got == block
    del block
    assert (load(got) == ARRAY).all()
    load(got)[0] = 5.0
    assert load(got)[0] == 0.0


def test_another_node_gets_the_bytes_but_not_the_makers() -> None:
    """Whose ranks are told where their neighbour has them."""
    nodes = ["a", "b", "b", "c"]
    root, maker, mate, far = (Blocks(rank, nodes) for rank in range(4))
    block = maker.make(codec.dumps(ARRAY))
    at_root = root.inward(1, travel(maker.outward(0, block)))
    assert at_root.place is not None and at_root.place != block.place  # type: ignore[union-attr]
    assert root.outward(2, at_root)[-1] is None
    assert mate.inward(0, travel(root.outward(2, at_root))) == block
    assert maker.inward(0, travel(root.outward(1, at_root))) is block
    assert far.inward(0, travel(root.outward(3, at_root))) == block


def test_what_is_there_no_more_is_refused_and_sent_as_a_whole() -> None:
    """Also if the number of the file belongs to another one now."""
    one, other = Blocks(0, ["a", "a"]), Blocks(1, ["a", "a"])
    block = one.make(codec.dumps(ARRAY))
    assert isinstance(block, Block) and block.place is not None
    wire = one.outward(1, block)
    os.close(block.place[1])
    with pytest.raises(OSError, match="fd"):
        other.inward(0, wire)
    instead = os.open(os.devnull, os.O_RDONLY)
    assert instead == block.place[1]
    with pytest.raises(FileNotFoundError):
        other.inward(0, wire)
    one.send_whole_to(1)
    got = other.inward(0, travel(one.outward(1, block)))
    assert (load(got) == ARRAY).all() and (load(block) == ARRAY).all()
    del block
    os.fstat(instead)  # is left open
    os.close(instead)


def test_small_values_stay_what_they_are() -> None:
    """And need no file."""
    blocks = Blocks(0, ["a"])
    small = codec.dumps({"a": [1, 2]})
    assert blocks.make(small) is small
    assert load(blocks.inward(0, travel(blocks.outward(0, small)))) == {"a": [1, 2]}
