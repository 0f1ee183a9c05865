"""Values on their way: what is plain, what is copied, what travels once, what is cut."""

from __future__ import annotations

import functools
import threading

import numpy as np
import pytest

from scoop_mpi._kernel.protocol import Done, GiveBack, Hungry, Lend, Outcomes, Part
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.values import memory, outcomes
from scoop_mpi._runtime.values.callables import Function, Mirror, encode_function
from scoop_mpi._runtime.values.cargo import MapCargo, encode_call, received_cargo
from scoop_mpi._runtime.values.codec import (
    Pickled,
    all_plain,
    brief,
    dumps,
    is_plain,
    loads,
    loads_once,
    pack,
    unpack,
)
from scoop_mpi._runtime.values.columns import encode_columns, received_column
from scoop_mpi.errors import PickleError, RemoteTraceback


class Whole(int):
    """A number that could hold more."""


class TestPlain:
    """Values that nobody can change need no copy."""

    @pytest.mark.parametrize("value", [1, 1.5, "a", b"b", None, True, range(3), (1, ("a", None))])
    def test_plain(self, value: object) -> None:
        """Numbers, strings, ranges and tuples of them."""
        assert is_plain(value)

    @pytest.mark.parametrize("value", [[], {}, set(), (1, []), Whole(1), len, bytearray()])
    def test_not_plain(self, value: object) -> None:
        """What could change, or hold what could."""
        assert not is_plain(value)
        assert not all_plain([1, value])

    def test_a_tuple_nested_too_deep_is_not_looked_through(self) -> None:
        """It is pickled instead, which tells what is wrong with it."""
        value: tuple[object, ...] = ()
        for _ in range(100_000):
            value = (value,)
        assert not is_plain(value)

    def test_one_and_all_are_looked_through_as_deep(self) -> None:
        """A tuple is plain if, and only if, all of a list of such tuples are."""
        value: object = 1
        depths = []
        for depth in range(12):
            assert all_plain([value]) == is_plain(value)
            if is_plain(value):
                depths.append(depth)
            value = (value,)
        assert depths == list(range(9))


SCALARS = (
    np.float64("nan"),
    np.float64(0.1),
    np.float32(0.1),
    np.int64(-(2**63)),
    np.int32(7),
    np.uint8(255),
    np.bool_(True),
    np.complex128(1 - 2j),
    np.int16(3),
    np.longdouble(1) / 3,
    np.datetime64("2026-01-01"),
)


class TestScalars:
    """Scalars of numpy cannot be changed, so on their own rank they need no copy."""

    @pytest.mark.parametrize("scalar", SCALARS, ids=lambda scalar: type(scalar).__name__)
    def test_a_scalar_travels_bit_for_bit(self, scalar: np.generic) -> None:
        """With its type, alone and within other things."""
        for loaded in (loads(dumps(scalar)), loads(dumps([scalar, {1: scalar}]))[1][1]):
            assert type(loaded) is type(scalar)
            assert loaded.tobytes() == scalar.tobytes()

    def test_a_result_stays_as_it_is_on_its_rank(self) -> None:
        """And is encoded for another one, whose ticker must not be the one to import numpy."""
        values = [np.float64(1.5), (np.int64(2), "a")]
        payload, failed = outcomes.encode_outcomes(values, {}, None)
        assert payload is values and not failed
        payload, failed = outcomes.encode_outcomes(values, {}, "elsewhere")
        assert [kind for kind, _ in payload] == [outcomes.PICKLED] * 2 and not failed

    def test_arguments_stay_as_they_are_until_they_travel(self) -> None:
        """Then all calls that travel together share one pickle."""
        values = [np.float64(x) for x in range(100)]
        (column,), calls = encode_columns([values])
        assert calls == 100 and column.item(7) is values[7]
        kind, data = column.cut(10, 90)
        assert isinstance(data, Pickled)
        received = received_column(kind, data)
        assert received.item(0) == values[10] and type(received.item(79)) is np.float64


class TestPickled:
    """Encoding copies; large buffers stay out of band, in the order of their axes."""

    @pytest.mark.parametrize("order", ["C", "F"])
    def test_a_large_array_travels_as_its_own_memory(self, order: str) -> None:
        """And what is loaded from it is writable and shares no memory."""
        array = np.array(np.arange(60_000.0).reshape(200, 300), order=order)  # type: ignore[call-overload]  # str is no Literal
        pickled = dumps(array)
        assert len(pickled.data) < 1000 and pickled.size > array.nbytes
        loaded = loads(pickled)
        assert np.array_equal(loaded, array) and loaded.flags.f_contiguous == (order == "F")
        loaded += 1
        assert array[0, 1] == 1 and loads(pickled)[0, 1] == 1

    def test_memory_from_the_wire_is_kept_when_it_is_loaded_once(self) -> None:
        """No second copy; and `loads` still copies."""
        [message, _], array = unpack_one(dumps(np.zeros(100_000))), np.ndarray
        pickled = message.parts[0].cargo
        assert isinstance(pickled.buffers[0], memoryview)
        first, once = loads(pickled), loads_once(pickled)
        assert isinstance(once, array)
        once[0] = 5
        assert first[0] == 0 and np.frombuffer(pickled.buffers[0])[0] == 5

    def test_what_cannot_be_pickled_is_shown(self) -> None:
        """In the words that the users know."""
        with pytest.raises(PickleError, match="This element could not be pickled: <unlocked"):
            dumps([threading.Lock()][0])
        with pytest.raises(PickleError, match="This element could not be pickled: <unlocked"):
            encode_call(encode_function(len, travels=True), (1, threading.Lock()), {})

    def test_brief_survives_any_repr(self) -> None:
        """Cut where it is long, told where it raises."""

        class Mute:
            def __repr__(self) -> str:
                raise ValueError

        assert brief("x" * 500).endswith("...") and len(brief("x" * 500)) == 200
        assert "ValueError" in brief(Mute())


def unpack_one(cargo: object) -> tuple[Lend, object]:
    """Send a piece through the wire format and back."""
    part = Part(1, 2, 0, 5, "f", 0.5, cargo)
    frames = pack([(Lend(7, (part,), 0), {"extra": 1})])
    # What arrives is memory of the receiver's own.
    received = [bytes(frames[0]), *(memory.copy(frame) for frame in frames[1:])]
    [(message, extra)] = unpack(received)
    assert isinstance(message, Lend)
    return message, extra


def test_messages_come_out_as_they_went_in() -> None:
    """With what goes beside them."""
    done = Done(1, 2, 3, 4, False, 0.5, ["value"])
    sent = [(Hungry(3), None), (GiveBack(1, 2, 3, 4), None), (Outcomes((done, done), 5), "extra")]
    assert unpack(pack(sent)) == sent
    message, extra = unpack_one(("digest", [("plain", range(5))]))
    assert message == Lend(7, (Part(1, 2, 0, 5, "f", 0.5, ("digest", [("plain", range(5))])),), 0)
    assert extra == {"extra": 1}


class TestColumns:
    """The arguments of a map, encoded, cut and received, are what they were."""

    @pytest.mark.parametrize(
        "iterables",
        [
            (range(10),),
            ([1, 2, 3, 4, 5, 6],),
            ([[x] for x in range(6)],),
            (np.arange(12.0).reshape(6, 2),),
            (range(6), "abcdef", [{x} for x in range(6)]),
            ((x for x in range(6)), [None] * 6),
        ],
        ids=["range", "list", "mutable", "array", "mixed", "generator"],
    )
    def test_every_piece_holds_its_own_rows(self, iterables: tuple[object, ...]) -> None:
        """However it is cut, run at once or one by one."""
        function = encode_function(lambda *args: args, travels=True)
        columns, calls = encode_columns(iterables)  # type: ignore[arg-type]  # all are iterable
        whole = MapCargo(function, columns)
        expected = [repr(whole.call(index)) for index in range(calls)]
        for start, stop in ((0, calls), (1, 4), (calls - 1, calls)):
            digest, data = whole.cut(start, stop)
            assert digest == function.digest
            piece = received_cargo(function, data, start)
            assert isinstance(piece, MapCargo)
            rows, feed = piece.rows(start, stop)
            assert [repr(row) for row in rows] == expected[start:stop]
            assert len(feed) == stop - start
            assert repr(piece.call(stop - 1)) == expected[stop - 1]

    def test_the_shortest_iterable_rules(self) -> None:
        """As with zip."""
        assert encode_columns([[1, 2, 3], [1]])[1] == 1
        assert encode_columns([[1, 2, 3], iter([])])[1] == 0
        assert encode_columns([])[1] == 0


class TestCallables:
    """Functions are called as they are; what may have state is copied once a map."""

    def test_functions_and_partials_of_plain_values_are_shared(self) -> None:
        """Nobody can tell a copy from the original."""
        for target in (len, functools.partial(max, 1), lambda: 1, int):
            assert encode_function(target, travels=True).shared, target

    def test_what_may_have_state_is_not_shared(self) -> None:
        """Bound methods, and partials that hold what could change."""
        values: list[int] = []
        for target in (values.extend, functools.partial(list.extend, values)):
            function = encode_function(target, travels=True)
            assert not function.shared
            function.load()([1])
        assert values == []

    def test_both_ends_of_a_mirror_forget_the_same(self) -> None:
        """So the sender always knows what the receiver still has."""
        sender, receiver = Mirror(), Mirror()
        for use in [*range(settings.CALLABLES + 50), 60, 61, 60, *range(100)]:
            digest = str(use).encode()
            known = sender.get(digest) is not None
            assert known == (receiver.get(digest) is not None)
            if not known:
                for mirror in (sender, receiver):
                    mirror.put(Function("f", digest, Pickled(b"x"), None, shared=True))


class TestOutcomes:
    """Values and failures as they travel."""

    def test_a_failure_arrives_as_itself_with_its_cause_and_its_place(self) -> None:
        """The remote traceback stands at the end of its own causes."""
        error = ValueError("mine")
        error.__cause__ = KeyError("why")
        payload, failed = outcomes.encode_outcomes([1, None], {1: error}, "Rank 3 of 4 on here")
        assert failed and payload[0] == (outcomes.PLAIN, 1)
        arrived = outcomes.failure_of(*payload[1])
        assert isinstance(arrived, ValueError) and arrived.args == ("mine",)
        assert isinstance(arrived.__cause__, KeyError)
        assert isinstance(arrived.__cause__.__cause__, RemoteTraceback)
        assert "### Rank 3 of 4 on here" in str(arrived.__cause__.__cause__)

    def test_members_of_a_group_keep_their_causes_and_notes(self) -> None:
        """At any depth; one cause of two is one there, too; the remote traceback is the group's."""
        shared, inner = OSError(5, "disk"), KeyError("inner")
        first, second, third = ValueError(1), TypeError(2), LookupError(3)
        first.__cause__ = second.__cause__ = shared
        shared.__cause__ = ExceptionGroup("why", [inner])
        inner.__cause__ = EOFError("end")
        second.add_note("a note")
        group = ExceptionGroup("all", [first, ExceptionGroup("deep", [second, third])])
        ((kind, data),), _ = outcomes.encode_outcomes([None], {0: group}, "Rank 3 of 4 on here")
        arrived = outcomes.failure_of(kind, data)
        assert isinstance(arrived, ExceptionGroup)
        assert isinstance(arrived.__cause__, RemoteTraceback)
        one, deep = arrived.exceptions
        two, three = deep.exceptions
        assert [repr(each) for each in (one, two, three)] == [
            repr(e) for e in (first, second, third)
        ]
        assert one.__cause__ is two.__cause__ and three.__cause__ is None
        assert one.__cause__.args == (5, "disk") and two.__notes__ == ["a note"]
        (within,) = one.__cause__.__cause__.exceptions
        assert repr(within.__cause__) == "EOFError('end')"

    def test_causes_that_come_back_to_themselves_arrive(self) -> None:
        """A chain that is a ring, and a member whose cause is its group: nothing runs for ever."""
        first, second = ValueError(1), ValueError(2)
        first.__cause__, second.__cause__ = second, first
        member = KeyError("in")
        group = ExceptionGroup("all", [member])
        member.__cause__ = group
        entries, _ = outcomes.encode_outcomes([None] * 2, {0: first, 1: group}, "here")
        ring, round_group = (outcomes.failure_of(*entry) for entry in entries)
        assert ring.args == (1,) and ring.__cause__.args == (2,)
        assert isinstance(ring.__cause__.__cause__, RemoteTraceback)
        assert round_group.exceptions[0].__cause__ is round_group

    def test_a_cause_that_cannot_be_pickled_is_left_out(self) -> None:
        """The others are kept."""
        stuck = RuntimeError(threading.Lock())
        bad, good = ValueError("bad"), ValueError("good")
        bad.__cause__, good.__cause__ = stuck, KeyError("kept")
        group = ExceptionGroup("all", [bad, good])
        ((kind, data),), _ = outcomes.encode_outcomes([None], {0: group}, "here")
        arrived = outcomes.failure_of(kind, data)
        assert [repr(each.__cause__) for each in arrived.exceptions] == ["None", "KeyError('kept')"]

    def test_a_result_that_cannot_be_pickled_fails_alone(self) -> None:
        """The other results of the block are delivered."""
        values = [[1], threading.Lock(), 3]
        payload, failed = outcomes.encode_outcomes(values, {}, "here")
        assert failed
        assert outcomes.decode_value(*payload[0]) == [1] and outcomes.decode_value(*payload[2]) == 3
        assert isinstance(outcomes.failure_of(*payload[1]), PickleError)
