"""Lists of hosts in brackets, as Slurm writes them: `node[01-04,07],gpu[1-2]`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

_MOST = 100_000
"""More hosts than any machine has: who writes more has made a mistake."""

_PIECE = re.compile(r"(\d+)(?:-(\d+))?")


def expand(text: str) -> list[str]:
    """Return the names that a list stands for; zeros in front of numbers are kept.

    Raises:
        ValueError: It makes no sense; the message says what is wrong, and quotes the text.
    """
    names: list[str] = []
    for part in _parts(text):
        for name in _names(part, text):
            names.append(name)
            if len(names) > _MOST:
                raise ValueError(f"{text!r} stands for more than {_MOST} hosts")
    return names


def counts(text: str) -> list[int]:
    """Return the numbers that Slurm's `2(x3),1` stands for.

    Raises:
        ValueError: It is nothing of that kind.
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part.strip())
        if match is None or int(match[2] or 1) > _MOST:
            raise ValueError(f"{text!r} should be numbers such as 2(x3),1")
        found += [int(match[1])] * int(match[2] or 1)
    return found


def _parts(text: str) -> Iterator[str]:
    """Yield what stands between the commas that are in no brackets."""
    depth = start = 0
    for position, sign in enumerate(text):
        if sign == "[":
            depth += 1
        elif sign == "]":
            depth -= 1
        if depth not in (0, 1):
            break
        if sign == "," and not depth:
            yield text[start:position]
            start = position + 1
    if depth:
        raise ValueError(f"{text!r} has a bracket too many or too few")
    yield text[start:]


def _names(part: str, text: str) -> Iterator[str]:
    """Yield the names of one part: all combinations of its brackets, the last one fastest."""
    pieces = re.split(r"\[([^]]*)\]", part)
    if not part or "[" in "".join(pieces):
        raise ValueError(f"{text!r} lacks a name between its commas or brackets")
    choices = [
        [piece] if index % 2 == 0 else _numbers(piece, text) for index, piece in enumerate(pieces)
    ]
    for chosen in itertools.product(*choices):
        yield "".join(chosen)


def _numbers(inside: str, text: str) -> list[str]:
    """Return the numbers of `01-04,07`, as wide as they are written."""
    found: list[str] = []
    for piece in inside.split(","):
        match = _PIECE.fullmatch(piece.strip())
        if match is None:
            raise ValueError(f"{text!r}: {piece!r} should be a number or two, as in [1-4,7]")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f"{text!r}: {piece!r} runs backwards")
        if last - first >= _MOST:
            raise ValueError(f"{text!r} stands for more than {_MOST} hosts")
        found += [str(number).zfill(len(match[1])) for number in range(first, last + 1)]
    return found
