"""Arrays of numbers: those of one type and shape differ in their memory, and have one pickle.

numpy takes 6 us to pickle an array and 4 us to make it again, however small it is. So the pickle of
the first array of a kind is remembered, and what it makes, and later ones cost 1 us each way. The bytes
that travel are the same, so that whoever does not remember them yet unpickles them as always.
"""

import sys
from typing import Any, Literal, NamedTuple, TypeVar

_NUMBERS = frozenset("biufc")
"""Kinds of numpy's types that are numbers: signed, unsigned, real, complex, and truth values."""

_MOST = 512
"""So many kinds are remembered; then it starts anew."""

LONGEST = 1024
"""No pickle of an array without its memory is longer, with 64 axes neither: what is is not looked up."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Kind(NamedTuple):
    """What arrays with the same pickle have in common."""

    type_name: str
    shape: tuple[int, ...]
    order: Literal["C", "F"]
    alone: bool
    """Whether it is the array itself, not a tuple of it: the only argument of a call."""

    def make(self, buffer: Any) -> Any:
        """Return the array over this memory, or the tuple of it."""
        numpy = sys.modules["numpy"]  # whoever knows a kind has seen an array of it
        array = numpy.ndarray(self.shape, self.type_name, buffer, order=self.order)
        return array if self.alone else (array,)


class _Recent(dict[_Key, _Value]):
    """What was noted since it last was full."""

    def note(self, key: _Key, value: _Value) -> None:
        """Note it."""
        if len(self) >= _MOST:
            self.clear()
        self[key] = value


pickles: _Recent[Kind, bytes] = _Recent()
"""Kind -> what arrays of it are pickled to, without their memory."""

kinds: _Recent[bytes, Kind | None] = _Recent()
"""Pickle -> what it makes of one buffer; None if it has been seen only once, or makes something else."""


def kind_of(value: Any) -> tuple[Kind, Any] | None:
    """Return the kind of a writable array of numbers, alone or in a tuple of one, and the array."""
    array = value[0] if type(value) is tuple and len(value) == 1 else value
    if type(array) is not getattr(sys.modules.get("numpy"), "ndarray", None):
        return None
    dtype, flags = array.dtype, array.flags
    if dtype.kind not in _NUMBERS or dtype.metadata or not flags.writeable or not array.size:
        return None
    if flags.c_contiguous:
        return Kind(dtype.str, array.shape, "C", array is value), array
    if flags.f_contiguous:
        return Kind(dtype.str, array.shape, "F", array is value), array
    return None


def learn(data: bytes, value: Any, encoded: Any) -> None:
    """Note what was made of a pickle and one buffer.

    Args:
        data: The pickle.
        value: What it has made.
        encoded: Returns the pickle of a value again. Only if that is the same bytes, nothing but the
            array is in them.
    """
    if data not in kinds:  # most likely each array of the program has another shape
        kinds.note(data, None)
        return
    found = kind_of(value)
    if found is not None and encoded(value) == data:
        kinds.note(data, found[0])
