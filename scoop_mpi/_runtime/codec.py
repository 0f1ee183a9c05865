"""Values to bytes and back: the only module that pickles.

Three kinds of things are encoded here.

*User values* (arguments, results, constants) are encoded on the thread that made the call, and
decoded on the thread that uses them, as `Pickled`: pickle protocol 5 with large buffers out of
band. *Plain* values (numbers, strings, bytes, None, ranges and tuples of these) cannot be changed
and are kept as they are until they travel.

*Failures* are exceptions with their causes, and the traceback as text.

*Messages* between ranks hold only plain values and `Pickled`s, so that whoever receives them, the
ticker thread included, never runs user code.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import sys
import traceback
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from scoop_mpi._kernel.protocol import MESSAGES, Message
from scoop_mpi._runtime import settings
from scoop_mpi.errors import PickleError, RemoteError, RemoteTraceback

ATOMS: set[type] = {int, float, complex, bool, str, bytes, type(None), range, type(...)}
"""Types whose values nobody can change (exactly these: a subclass may hold more)."""


_NESTED: set[type] = {tuple, frozenset}

_DEPTH = 8
"""Tuples nested deeper than this are not looked through; they are pickled."""


def is_plain(value: Any, depth: int = _DEPTH) -> bool:
    """Return whether nobody can change this value, so that it needs no copy."""
    kind = type(value)
    if kind in _NESTED:
        return depth > 0 and all_plain(value, depth - 1)
    return kind in ATOMS


def all_plain(values: Iterable[Any], depth: int = _DEPTH) -> bool:
    """Return whether every one of these values is plain."""
    kinds = set(map(type, values))
    if kinds <= ATOMS:
        return True
    if kinds - ATOMS <= _NESTED:
        return all(is_plain(value, depth) for value in values)
    return False


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
        """Whether the guard defines functions or classes, so that plain pickle could mislead."""

    def has(self, thing: Any) -> bool:
        """Return whether a function or class of the main module is the same on every rank."""
        qualname = getattr(thing, "__qualname__", "<locals>")
        head = qualname.partition(".")[0]
        if "<" in qualname or self.names is None or head not in self.names:
            return False
        found: Any = sys.modules.get("__main__")
        for part in qualname.split("."):
            found = getattr(found, part, None)
        return found is thing


IMPORTABLE = Importable()


def dumps(value: Any) -> Pickled:
    """Encode a user value. Large buffers are held by reference until they are sent.

    Raises:
        PickleError: It cannot be pickled; the reason is its cause.
    """
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
            data = pickle.dumps(value, protocol=5, buffer_callback=keep)
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
        return pickle.loads(pickled.data, buffers=[_copied(b) for b in pickled.buffers])
    return pickle.loads(pickled.data)


def loads_once(pickled: Pickled) -> Any:
    """Decode a value that is decoded only this once: memory that came over the wire is kept."""
    if pickled.buffers:
        buffers = [b if isinstance(b, bytearray) else _copied(b) for b in pickled.buffers]
        return pickle.loads(pickled.data, buffers=buffers)
    return pickle.loads(pickled.data)


def raw(buffer: Any) -> memoryview:
    """Return a buffer as flat bytes, whatever the order of its axes."""
    return buffer.raw() if isinstance(buffer, pickle.PickleBuffer) else memoryview(buffer).cast("B")


def _copied(buffer: Any) -> bytes | bytearray:
    view = raw(buffer)
    return bytes(view) if view.readonly else bytearray(view)


def brief(value: Any, most: int = 200) -> str:
    """Return the repr of a value, cut to a readable length."""
    try:
        text = repr(value)
    except Exception as error:  # a repr that raises must not hide the real error
        text = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return text if len(text) <= most else text[: most - 3] + "..."


# --- outcomes --------------------------------------------------------------------------------

Failure = tuple[tuple[Pickled, ...], str, str]
"""An exception as it travels: it and its chain of causes, its traceback, and a summary."""

PLAIN, PICKLED, FAILED, RAISED = range(4)
"""What an entry of a payload holds: a plain value; a `Pickled`; a `Failure` from another rank; an
exception of this rank itself."""

Payload = list[Any] | tuple[tuple[int, Any], ...]
"""The outcomes of a run of calls: a list of plain values, or a tuple of (kind, data) entries."""


def encode_outcomes(
    values: list[Any], failures: dict[int, BaseException], where: str | None
) -> tuple[Payload, bool]:
    """Encode what a block of calls returned or raised, and say whether any failed.

    Args:
        values: One for each call; at the indices of `failures` meaningless.
        failures: Index in the block -> what that call raised.
        where: Rank and host for remote tracebacks; None if the outcomes stay on this rank.
    """
    if not failures and (type(values[0]) in ATOMS if len(values) == 1 else all_plain(values)):
        return values, False
    failed = bool(failures)
    entries: list[tuple[int, Any]] = []
    for index, value in enumerate(values):
        error = failures.get(index)
        if error is None:
            if is_plain(value):
                entries.append((PLAIN, value))
                continue
            try:
                entries.append((PICKLED, dumps(value)))
                continue
            except BaseException as unpicklable:  # pickling runs user code, which may even exit
                error = _as_pickle_error(unpicklable)
                failed = True
        entries.append((RAISED, error) if where is None else (FAILED, _failure(error, where)))
    return tuple(entries), failed


def _as_pickle_error(error: BaseException) -> PickleError:
    if isinstance(error, PickleError):
        return error
    mine = PickleError(f"A result could not be pickled ({type(error).__name__}: {_text(error)}).")
    mine.__cause__ = error
    return mine


def decode_value(kind: int, data: Any) -> Any:
    """Return the value of an entry, or raise what the call raised."""
    if kind == PLAIN:
        return data
    if kind == PICKLED:
        try:
            return loads_once(data)
        except BaseException as error:
            raise PickleError(
                f"A result could not be unpickled ({type(error).__name__}: {_text(error)})."
            ) from error
    raise failure_of(kind, data)


def failure_of(kind: int, data: Any) -> BaseException:
    """Return the exception of an entry of kind FAILED or RAISED."""
    if kind == RAISED:
        assert isinstance(data, BaseException)
        return data
    chain, text, summary = data
    remote = RemoteTraceback(text)
    try:
        errors: list[BaseException] = [loads(pickled) for pickled in chain]
    except BaseException as error:
        stand_in = RemoteError(f"{summary} (it could not be unpickled here: {_text(error)})")
        stand_in.__cause__ = remote
        return stand_in
    if not errors:
        errors = [RemoteError(f"{summary} (the exception itself could not be pickled)")]
    for link, cause in zip(errors, [*errors[1:], remote], strict=True):
        link.__cause__ = cause
    return errors[0]


def _failure(error: BaseException, where: str) -> Failure:
    """Encode an exception and its causes; what cannot travel is left out and told in words."""
    text = f"### {where}\n{format_error(error)}"
    summary = f"{type(error).__name__}: {_text(error)}"
    chain: list[Pickled] = []
    link: BaseException | None = error
    while link is not None and len(chain) < 32:
        pickled = _pickled_error(link)
        if pickled is None:
            break
        chain.append(pickled)
        link = link.__cause__
    return tuple(chain), text, summary


def _pickled_error(error: BaseException) -> Pickled | None:
    """Return an exception so encoded that it can be decoded, or None if there is no way."""
    for candidate in (error, _Bare(error)):
        try:
            pickled = dumps(candidate)
            if isinstance(loads(pickled), type(error)):
                return pickled
        except BaseException:  # noqa: S112  odd constructors may do anything
            continue
    return None


class _Bare:
    """Pickles an exception without its constructor, which may want other arguments than `args`."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __reduce__(self) -> tuple[Any, ...]:
        error = self._error
        return _rebuild, (type(error), error.args, vars(error))


def _rebuild(kind: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(state)
    return error


def format_error(error: BaseException) -> str:
    """Return the traceback of an exception as text, without the runtime's frames in front."""
    try:
        return "".join(traceback.format_exception(user_part(error)))
    except BaseException as odd:  # an exception whose text raises must not hide the real one
        return f"{type(error).__name__} (its text raises {type(odd).__name__})"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as odd:  # as above
        return f"(its text raises {type(odd).__name__})"


def user_part(error: BaseException) -> BaseException:
    """Cut the frames of the runtime off the front of a traceback."""
    trace = error.__traceback__
    while trace is not None and __package__ in trace.tb_frame.f_globals.get("__name__", ""):
        trace = trace.tb_next
    return error.with_traceback(trace) if trace is not None else error


# --- messages --------------------------------------------------------------------------------

_CODES = {kind: code for code, kind in enumerate(MESSAGES)}


def pack(message: Message, extra: Any = None) -> list[Any]:
    """Encode a message as frames: the first a pickle, the others its large buffers."""
    frames: list[Any] = [b""]

    def keep(buffer: pickle.PickleBuffer) -> bool:
        frames.append(buffer.raw())
        return False

    wire = (_CODES[type(message)], extra, *message)
    frames[0] = pickle.dumps(wire, protocol=5, buffer_callback=keep)
    return frames


def unpack(frames: Sequence[Any]) -> tuple[Message, Any]:
    """Decode what `pack` made."""
    code, extra, *fields = pickle.loads(frames[0], buffers=frames[1:])
    return MESSAGES[code](*fields), extra
