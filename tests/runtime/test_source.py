"""What a stream reads: taken in runs, sliced where that is possible, errors kept for their turn."""

from __future__ import annotations

import gc
import itertools
import threading
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from scoop_mpi._kernel.protocol import Lend, Part
from scoop_mpi._runtime import here, settings
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.stream import AsTheyCome, InOrder, Stream, Window
from scoop_mpi._runtime.values.codec import pack
from scoop_mpi._runtime.values.columns import Column, encode_columns
from scoop_mpi._runtime.values.source import Source
from scoop_mpi._runtime.wire.transport import Alone
from scoop_mpi.errors import PickleError

MANY = 10_000_000


def travelling(column: Column, start: int, stop: int) -> int:
    """Return the bytes that go to a borrower of these calls."""
    part = Part(1, 1, start, stop, "f", 1.0, (b"f", [column.cut(start, stop)]))
    return sum(memoryview(frame).nbytes for frame in pack([(Lend(1, (part,), 0), None)]))


class TestWhatIsCopied:
    """Of large inputs as little as possible, at the call and on the wire."""

    def test_a_range_travels_as_a_range(self) -> None:
        """However long: in a map, and in a run of a stream."""
        (whole,), calls = encode_columns([range(MANY)])
        assert calls == MANY and travelling(whole, 5, MANY) < 300
        (run,), calls = Source([range(MANY)]).take(MANY // 2)
        assert calls == MANY // 2 and travelling(run, 5, calls) < 300

    def test_a_list_is_copied_by_its_references(self) -> None:
        """Of plain values: they are the very same objects."""
        values = [f"value {index}" for index in range(1000)]
        (column,), _ = encode_columns([values])
        assert all(column.item(index) is value for index, value in enumerate(values))

    def test_an_array_is_cut_by_slices(self) -> None:
        """What travels is the rows that are lent, as their own memory."""
        array = np.arange(1_000_000.0).reshape(1000, 1000)
        for (column,), _ in (encode_columns([array]), Source([array]).take(1000)):
            assert 0 <= travelling(column, 100, 200) - array[100:200].nbytes < 600

    def test_runs_of_sequences_do_not_touch_the_rest(self) -> None:
        """Only what is taken is looked at."""

        class Guarded(list[int]):
            def __iter__(self) -> Iterator[int]:
                raise AssertionError("went through all")

        source = Source([Guarded(range(100)), range(50)])
        columns, calls = source.take(20)
        assert calls == 20 and [columns[0].item(3), columns[1].item(3)] == [3, 3]
        assert source.take(30)[1] == 30 and not source.ended
        assert source.take(30)[1] == 0 and source.ended


class TestErrors:
    """What goes wrong ends the source after the items before it."""

    def test_what_the_iterable_raises(self) -> None:
        """The items before it are taken."""

        def broken() -> Iterator[int]:
            yield from range(5)
            raise LookupError

        source = Source([broken()])
        assert source.take(100)[1] == 5
        assert source.ended and isinstance(source.error, LookupError)

    @pytest.mark.parametrize("lazy", [False, True])
    def test_an_item_that_cannot_be_pickled(self, *, lazy: bool) -> None:
        """Likewise, in a list and in an iterator."""
        items: list[object] = [[1], [2], threading.Lock(), [3]]
        source = Source([iter(items) if lazy else items])
        columns, calls = source.take(4)
        assert calls == 2 and columns[0].item(1) == [2]
        assert source.ended and isinstance(source.error, PickleError)


class TestSlowIterables:
    """They do not hold up what is there already."""

    def test_a_run_ends_when_drawing_takes_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """After the item that was late."""
        clock = itertools.count(0.0, settings.DRAW_S / 3)
        monkeypatch.setattr("scoop_mpi._runtime.values.source.now", lambda: next(clock))
        source = Source([itertools.count()])
        assert 1 <= source.take(1000)[1] <= 4
        assert source.item_s > settings.DRAW_S / 10


def test_a_map_that_takes_very_many_items_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have no end; where the length is known, nothing is said."""
    monkeypatch.setattr(settings, "MANY_ITEMS", 100)
    with pytest.warns(RuntimeWarning, match=r"100 items have been taken .* buffersize"):
        assert encode_columns([iter(range(300))])[1] == 300
    with pytest.warns(RuntimeWarning, match="buffersize"):
        assert encode_columns([iter(range(300)), itertools.count()])[1] == 300
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert encode_columns([range(300)])[1] == encode_columns([set(range(300))])[1] == 300
        assert encode_columns([iter(range(99))])[1] == 99


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A job of one rank."""
    made = Loop(Alone())
    here.install(made)
    yield made
    here.uninstall()


class TestLettingGo:
    """A stream that nobody holds leaves nothing behind."""

    @pytest.mark.parametrize("kind", [InOrder, AsTheyCome])
    @pytest.mark.parametrize("begun", [False, True])
    def test_its_calls_are_dropped(self, loop: Loop, kind: type[Window], *, begun: bool) -> None:
        """Whether or not a result was taken."""
        stream = Stream(kind(loop, loop.push, abs, [itertools.count()], 1000), None)
        if begun:
            assert next(stream) == 0
        assert loop.worker.tasks
        del stream
        assert loop.worker.idle
        loop.worker.validate()

    def test_where_the_lock_is_held_it_is_done_later(self, loop: Loop) -> None:
        """The garbage collector may run anywhere."""
        stream = Stream(InOrder(loop, loop.push, abs, [itertools.count()], 1000), None)
        with loop.lock:
            del stream
            gc.collect()
            assert loop.worker.tasks
        loop.catch_up()
        assert loop.worker.idle
