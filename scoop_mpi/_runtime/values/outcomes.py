"""What became of calls: their values, and the exceptions of those that failed, as they travel.

An exception arrives as itself, with its own causes and notes, and those of its members if it is a group;
the traceback of its rank is attached
as text. What cannot be pickled becomes the failure of that one call.
"""

from __future__ import annotations

import types
from typing import Any

from scoop_mpi._runtime.values.codec import (
    ATOMS,
    Pickled,
    all_plain,
    dumps,
    frozen_atoms,
    is_plain,
    loads,
    loads_once,
)
from scoop_mpi.errors import PickleError, RemoteError, RemoteTraceback, ScoopError

_PACKAGE = __name__.partition(".")[0]

_OF_THE_PROGRAM = (SyntaxError, ModuleNotFoundError)
"""What is the program's, not ours, even where none of its lines was run."""

Failure = tuple[tuple[tuple[Pickled, int], ...], tuple[tuple[int, int], ...], str, str]
"""An exception as it travels. First it and the exceptions that it came from, each pickled, and how many
it stands for: members of groups are pickled with their group (see `_family`). Then pairs of places in the
list of all these: the second is the cause of the first. Its traceback, and a summary."""

_MOST_LINKS = 256
"""So many exceptions travel by themselves as causes of one; what is behind these is told in words."""

PLAIN, PICKLED, FAILED, RAISED, CANCELLED = range(5)
"""What an entry of a payload holds: a plain value; a `Pickled`; a `Failure` from another rank; an
exception of this rank itself; nothing, for nobody made the call."""

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
    atoms = ATOMS if where is not None else frozen_atoms()
    if not failures and all_plain(values, atoms=atoms):
        return values, False
    failed = bool(failures)
    entries: list[tuple[int, Any]] = []
    for index, value in enumerate(values):
        error = failures.get(index)
        if error is None:
            if is_plain(value, atoms=atoms):
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
            from scoop_mpi._runtime.here import current  # noqa: PLC0415  it imports this module

            raise PickleError(
                f"A result could not be unpickled on {current('result').where} "
                f"({type(error).__name__}: {_text(error)}). What its class needs must be here, too."
            ) from error
    raise failure_of(kind, data)


def failure_of(kind: int, data: Any) -> BaseException:
    """Return the exception of an entry of kind FAILED, RAISED or CANCELLED."""
    if kind == CANCELLED:
        from concurrent.futures import CancelledError  # noqa: PLC0415  costs start-up time

        return CancelledError()
    if kind == RAISED:
        assert isinstance(data, BaseException)
        return data
    pickles, causes, text, summary = data
    remote = RemoteTraceback(text)
    errors: list[BaseException] = []
    try:
        for pickled, count in pickles:
            errors += _family(loads(pickled))[:count]
    except BaseException as error:
        stand_in = RemoteError(f"{summary} (it could not be unpickled here: {_text(error)})")
        stand_in.__cause__ = remote
        return stand_in
    if not errors:
        errors = [RemoteError(f"{summary} (the exception itself could not be pickled)")]
    for place, cause in causes:
        errors[place].__cause__ = errors[cause]
    _last_cause(errors[0]).__cause__ = remote
    return errors[0]


def _family(error: BaseException) -> list[BaseException]:
    """Return an exception and, if it is a group, its members, and theirs: always in the same order."""
    found, seen = [error], {id(error)}
    for link in found:
        if isinstance(link, BaseExceptionGroup):
            new = [member for member in link.exceptions if id(member) not in seen]
            seen.update(map(id, new))
            found += new
    return found


def _last_cause(error: BaseException) -> BaseException:
    """Return the end of a chain of causes, or of what is one until it comes back to itself."""
    seen = {id(error)}
    while error.__cause__ is not None and id(error.__cause__) not in seen:
        error = error.__cause__
        seen.add(id(error))
    return error


def _failure(error: BaseException, where: str) -> Failure:
    """Encode an exception and its causes; what cannot travel is left out and told in words."""
    text = f"### {where}\n{format_error(error)}"
    summary = f"{type(error).__name__}: {_text(error)}"
    pickles: list[tuple[Pickled, int]] = []
    causes: list[tuple[int, int]] = []
    places: dict[int, int] = {}
    """Identity of what has been pickled -> where it will be."""
    count = 0
    todo: list[tuple[BaseException, int]] = [(error, -1)]
    """What is to come, and the place of that whose cause it is."""
    for link, effect in todo:
        pickled = None
        if id(link) not in places and len(pickles) < _MOST_LINKS:
            pickled = _pickled_error(link)
        if pickled is not None:
            pickles.append(pickled)
            for place, member in enumerate(_family(link)[: pickled[1]], count):
                places.setdefault(id(member), place)
                if member.__cause__ is not None:
                    todo.append((member.__cause__, place))
            count += pickled[1]
        if effect >= 0 and id(link) in places:
            causes.append((effect, places[id(link)]))
    return tuple(pickles), tuple(causes), text, summary


def _pickled_error(error: BaseException) -> tuple[Pickled, int] | None:
    """Return an exception so encoded that it can be decoded, or None if there is no way.

    And how many it then stands for: itself alone, if its members would not be the same.
    """
    for candidate in (error, _Bare(error)):
        try:
            pickled = dumps(candidate)
            copy = loads(pickled)
            if isinstance(copy, type(error)):
                count = len(_family(error))
                return pickled, count if len(_family(copy)) == count else 1
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
    """Return the traceback of an exception as text, without our own frames."""
    import traceback  # noqa: PLC0415  as above

    try:
        return "".join(traceback.format_exception(user_part(error)))
    except BaseException as odd:  # an exception whose text raises must not hide the real one
        return f"{type(error).__name__} (its text raises {type(odd).__name__})"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as odd:  # as above
        return f"(its text raises {type(odd).__name__})"


def last_words(error: BaseException) -> str:
    """Return the end of an exception's text in a traceback: its type and message."""
    import traceback  # noqa: PLC0415  as above

    try:
        return traceback.format_exception_only(error)[-1].strip()
    except BaseException as odd:  # as above
        return type(odd).__name__


def user_part(error: BaseException) -> BaseException:
    """Cut our own frames out of an exception's traceback, and out of those it came from.

    Those of an error in this package itself are kept, behind the caller's.
    """
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        link = todo.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            link.__traceback__ = _cut_traceback(link)
            todo += [link.__cause__, link.__context__]
    return error


def _cut_traceback(error: BaseException) -> types.TracebackType | None:
    whole = trace = error.__traceback__
    links: list[types.TracebackType] = []
    while trace is not None:
        links.append(trace)
        trace = trace.tb_next
    users = [index for index, link in enumerate(links) if not _is_ours(link)]
    if not users:
        return None if isinstance(error, _OF_THE_PROGRAM) else whole
    kept = links[users[0] :]
    interrupted = isinstance(error, KeyboardInterrupt)  # where it hit us tells nobody anything
    if users[-1] == len(links) - 1 or interrupted or _is_meant(error) or _is_remote(error):
        kept = [links[index] for index in users]
    rest: types.TracebackType | None = None
    for link in reversed(kept):
        rest = types.TracebackType(rest, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return rest


def _is_meant(error: BaseException) -> bool:
    """Return whether this package raises such on purpose: then the user need not see where."""
    from concurrent.futures import CancelledError  # noqa: PLC0415  as above

    return isinstance(error, ScoopError | TimeoutError | CancelledError)


def _is_remote(error: BaseException) -> bool:
    """Return whether an exception came from another rank, and was only raised again here."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        if isinstance(link, RemoteTraceback):
            return True
        seen.add(id(link))
        link = link.__cause__
    return False


def _is_ours(link: types.TracebackType) -> bool:
    name = link.tb_frame.f_globals.get("__name__", "")
    return isinstance(name, str) and name.partition(".")[0] == _PACKAGE
