"""Values to bytes and back: the only module that pickles.

*User values* (arguments, results, constants) are encoded on the thread that made the call, and
decoded on the thread that uses them, as `Pickled`: pickle protocol 5 with large buffers out of
band. *Plain* values (numbers, strings, bytes, None, ranges and tuples of these) cannot be changed
and are kept as they are until they travel.

*Messages* between ranks hold only plain values and `Pickled`s, so that whoever receives them, the
ticker thread included, never runs user code.
"""

import copyreg
import io
import pickle
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, starmap
from typing import Any, NamedTuple, cast

from scoop_mpi._kernel.protocol import MESSAGES, Done, Lend, Message, Outcomes, Part
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.values import arrays, memory
from scoop_mpi.errors import PickleError

ATOMS: set[type] = {int, float, complex, bool, str, bytes, type(None), range, type(...)}
"""Types whose values nobody can change (exactly these: a subclass may hold more)."""


_NESTED: set[type] = {tuple, frozenset}

_DEPTH = 8
"""Tuples nested deeper than this are not looked through; they are pickled."""


def is_plain(value: Any, depth: int = _DEPTH, atoms: AbstractSet[type] = ATOMS) -> bool:
    """Return whether nobody can change this value, so that it needs no copy."""
    kind = type(value)
    if kind in _NESTED:
        return depth > 0 and all_plain(value, depth - 1, atoms)
    return kind in atoms


def all_plain(values: Iterable[Any], depth: int = _DEPTH, atoms: AbstractSet[type] = ATOMS) -> bool:
    """Return whether every one of these values is plain."""
    kinds = set(map(type, values))
    if kinds <= atoms:
        return True
    if kinds <= _NESTED and depth > 0 and set(map(type, chain.from_iterable(values))) <= atoms:
        return True  # records, the usual case, without a step of Python for each
    if kinds - atoms <= _NESTED:
        return all(is_plain(value, depth, atoms) for value in values)
    return False


# --- scalars of numpy ------------------------------------------------------------------------

_scalars: dict[type, Callable[[Any], Any]] = {}
"""Types of numpy's scalars, once numpy is there -> what makes Python's number of one."""

_frozen_atoms: AbstractSet[type] = ATOMS


def frozen_atoms() -> AbstractSet[type]:
    """Return the types of `ATOMS`, and those of numpy's scalars if numpy has been imported.

    Nobody can change these either, so that they need no copy on their own rank. But they are not
    plain: a ticker must not be the one who imports numpy to decode a message.
    """
    global _frozen_atoms  # noqa: PLW0603  numpy is imported once, by the program
    if not _scalars:
        numpy = sys.modules.get("numpy")
        names = ("float64", "float32", "int64", "int32", "uint8", "bool_", "complex128")
        found = [getattr(numpy, name, None) for name in names]
        if numpy is not None and None not in found:
            makers = (float, float, int, int, int, bool, complex)
            _scalars.update(zip(cast(list[type], found), makers, strict=True))
            _frozen_atoms = ATOMS | _scalars.keys()
    return _frozen_atoms


class _Pickler(pickle.Pickler):
    """Pickles numpy's scalars by their values: a third of the time that they take themselves."""

    def reducer_override(self, thing: Any) -> Any:
        maker = _scalars.get(type(thing))
        return NotImplemented if maker is None else (type(thing), (maker(thing),))


def _dumps(value: Any, keep: Callable[[pickle.PickleBuffer], bool]) -> bytes:
    if len(frozen_atoms()) == len(ATOMS):
        return pickle.dumps(value, protocol=5, buffer_callback=keep)
    stream = io.BytesIO()
    _Pickler(stream, 5, buffer_callback=keep).dump(value)
    return stream.getvalue()


# --- user values -----------------------------------------------------------------------------


class Pickled(NamedTuple):
    """An encoded value: a pickle and its large buffers."""

    data: bytes
    buffers: tuple[Any, ...] = ()

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.data) + sum(raw(buffer).nbytes for buffer in self.buffers)


class Importable:
    """Which names of the program's main module every rank can import.

    What is defined under the program's guard, or typed at a prompt, exists on the root alone and
    must travel by value.
    """

    def __init__(self) -> None:
        self.aliases: frozenset[str] = frozenset({"__main__"})
        self.names: frozenset[str] | None = None
        """Names of the program that every rank has; None where there is no program file."""
        self.guarded = False
        """Whether the root defines functions or classes of its own, in the guard or at a prompt, so
        that plain pickle could mislead."""
        self._before: dict[str, Any] | None = None
        """What the names stood for before the prompt came; None without a prompt."""

    def expect_prompt(self, namespace: Mapping[str, Any]) -> None:
        """Note that from now on names of the main module may be bound anew, on the root alone."""
        self.guarded = True
        self.names = self.names or frozenset()
        self._before = {name: namespace[name] for name in self.names if name in namespace}

    def has(self, thing: Any) -> bool:
        """Return whether a function or class of the main module is the same on every rank."""
        qualname = getattr(thing, "__qualname__", "<locals>")
        head = qualname.partition(".")[0]
        if "<" in qualname or self.names is None or head not in self.names:
            return False
        main = sys.modules.get("__main__")
        if self._before is not None and self._before.get(head) is not getattr(main, head, None):
            return False
        found: Any = main
        for part in qualname.split("."):
            found = getattr(found, part, None)
        return found is thing


IMPORTABLE = Importable()


def dumps(value: Any) -> Pickled:
    """Encode a user value. Large buffers are held by reference until they are sent.

    Raises:
        PickleError: It cannot be pickled; the reason is its cause.
    """
    found = arrays.kind_of(value)
    if found is None:
        return _encoded(value)
    kind, array = found
    buffer = pickle.PickleBuffer(array)
    data = arrays.pickles.get(kind)
    if data is None:
        data = pickle.dumps(value, protocol=5, buffer_callback=lambda _: None)
        arrays.pickles.note(kind, data)
    large = array.nbytes >= settings.OUT_OF_BAND
    return Pickled(data, (buffer if large else bytearray(buffer.raw()),))


def _encoded(value: Any) -> Pickled:
    """Encode a value that is no array of numbers."""
    buffers: list[pickle.PickleBuffer] = []

    def keep(buffer: pickle.PickleBuffer) -> bool:
        small = buffer.raw().nbytes < settings.OUT_OF_BAND
        if not small:
            buffers.append(buffer)
        return small

    try:
        if IMPORTABLE.guarded:
            return Pickled(_by_value(value, keep), tuple(buffers))
        try:
            data = _dumps(value, keep)
        except Exception:  # whatever it is, cloudpickle may know better
            buffers.clear()
            data = _by_value(value, keep)
        return Pickled(data, tuple(buffers))
    except Exception as error:
        raise PickleError(
            f"This element could not be pickled: {brief(value)} "
            f"({type(error).__name__}: {error}). "
            "Only what can be pickled can travel to another rank."
        ) from error


def _by_value(value: Any, keep: Callable[[pickle.PickleBuffer], bool]) -> bytes:
    """Pickle functions and classes by value, unless every rank can import them."""
    import cloudpickle  # noqa: PLC0415  at first use: it costs start-up time

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle is not typed
        def reducer_override(self, thing: Any) -> Any:
            if type(thing) in copyreg.dispatch_table:
                return NotImplemented  # it knows best itself: DEAP's classes, for one
            if (
                isinstance(thing, type | types.FunctionType)
                and thing.__module__ in IMPORTABLE.aliases
                and IMPORTABLE.has(thing)
            ):
                return NotImplemented
            return super().reducer_override(thing)

    stream = io.BytesIO()
    Pickler(stream, protocol=5, buffer_callback=keep).dump(value)
    return stream.getvalue()


def loads(pickled: Pickled) -> Any:
    """Decode a user value into objects of the caller's own, which share no memory with others."""
    if pickled.buffers:
        return _decoded(pickled.data, [_copied(b) for b in pickled.buffers])
    return pickle.loads(pickled.data)


def loads_once(pickled: Pickled) -> Any:
    """Decode a value that is decoded only this once: memory that came over the wire is kept."""
    if pickled.buffers:
        buffers = [b if type(b) is memoryview else _copied(b) for b in pickled.buffers]
        return _decoded(pickled.data, buffers)
    return pickle.loads(pickled.data)


def _decoded(data: bytes | memoryview, buffers: list[Any]) -> Any:
    if len(buffers) != 1 or len(data) > arrays.LONGEST or type(data) is not bytes:
        return pickle.loads(data, buffers=buffers)
    kind = arrays.kinds.get(data)
    if kind is not None:
        return kind.make(buffers[0])
    value = pickle.loads(data, buffers=buffers)
    arrays.learn(data, value, lambda value: dumps(value).data)
    return value


def rewrapped(pickled: Pickled) -> Pickled:
    """Return an encoded value that can be encoded within another one, wherever its memory lies."""
    return Pickled(pickled.data, tuple(pickle.PickleBuffer(raw(b)) for b in pickled.buffers))


def freeze(value: Any) -> bytes:
    """Return plain values and `Pickled`s as bytes for a file, buffers included."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def thaw(data: bytes) -> Any:
    """Return what was frozen. User values in it stay `Pickled`."""
    return pickle.loads(data)


def out_of_band(view: memoryview) -> pickle.PickleBuffer:
    """Return bytes that travel as they are, in a frame of their own."""
    return pickle.PickleBuffer(view)


def raw(buffer: Any) -> memoryview:
    """Return a buffer as flat bytes, whatever the order of its axes."""
    return buffer.raw() if isinstance(buffer, pickle.PickleBuffer) else memoryview(buffer).cast("B")


def _copied(buffer: Any) -> bytes | memoryview:
    view = raw(buffer)
    if not view.readonly:
        return memory.copy(view)
    memory.copies.note(view.nbytes)
    return bytes(view)


def brief(value: Any, most: int = 200) -> str:
    """Return the repr of a value, cut to a readable length."""
    try:
        text = repr(value)
    except Exception as error:  # a repr that raises must not hide the real error
        text = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return text if len(text) <= most else text[: most - 3] + "..."


# --- messages --------------------------------------------------------------------------------

_CODES = {kind: code for code, kind in enumerate(MESSAGES)}
_LEND, _OUTCOMES = _CODES[Lend], _CODES[Outcomes]


def pack(messages: Sequence[tuple[Message, Any]]) -> list[Any]:
    """Encode messages to one rank, each with an extra, as frames: a pickle, and large buffers."""
    frames: list[Any] = [b""]

    def keep(buffer: pickle.PickleBuffer) -> bool:
        frames.append(buffer.raw())
        return False

    wires = [_wire(message, extra) for message, extra in messages]
    frames[0] = pickle.dumps(wires, protocol=5, buffer_callback=keep)
    return frames


def _wire(message: Message, extra: Any) -> tuple[Any, ...]:
    """Return a message as a bare tuple: pickle takes much longer for each named one."""
    if isinstance(message, Lend):
        request, parts, constants, plenty = message
        return _LEND, extra, request, [*map(tuple, parts)], constants, plenty
    if isinstance(message, Outcomes):
        return _OUTCOMES, extra, [*map(tuple, message.done)], message.constants
    return _CODES[type(message)], extra, *message


def unpack(frames: Sequence[Any]) -> list[tuple[Message, Any]]:
    """Decode what `pack` made."""
    return [_unwired(*wire) for wire in pickle.loads(frames[0], buffers=frames[1:])]


def _unwired(code: int, extra: Any, *fields: Any) -> tuple[Message, Any]:
    if code == _LEND:
        request, parts, constants, plenty = fields
        return Lend(request, tuple(starmap(Part, parts)), constants, plenty), extra
    if code == _OUTCOMES:
        done, constants = fields
        return Outcomes(tuple(starmap(Done, done)), constants), extra
    return MESSAGES[code](*fields), extra
