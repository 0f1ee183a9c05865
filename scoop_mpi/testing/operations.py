"""What a virtual program may do: the operations that its generators yield.

A program is a generator function, and so is every function that its tasks call. It yields
operations and is sent their results:

    def square(x):
        yield Compute(0.010)            # ten virtual milliseconds
        return x * x

    def root():
        squares = yield Map(square, range(100))
        first = yield Submit(square, 7)
        print((yield Result(first)), (yield Gather(squares)))

Functions travel by name, arguments and results as pickles, as they would under MPI. A function
that only takes time and gives a value can be a `Plain` object instead: a block of such calls is
a single event, however many they are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

from scoop_mpi._kernel.task import Task

Program = Callable[..., Generator[Any, Any, Any]]
"""A generator function that yields operations."""


class Plain:
    """A callable whose calls neither wait nor make tasks. Subclasses are picklable."""

    key = "plain"
    """What the durations of its calls are filed under."""

    def seconds(self, *args: Any) -> float:
        """Return how long this call takes."""
        raise NotImplementedError

    def __call__(self, *args: Any) -> Any:
        """Return what the call returns, or raise."""
        raise NotImplementedError


Function = Program | Plain


class Outcome(NamedTuple):
    """What a call came to: a value, or what it raised."""

    value: Any
    error: BaseException | None = None


class Cancelled(Exception):  # noqa: N818  as concurrent.futures.CancelledError
    """The outcome of a call that was cancelled before it started."""


class WorkerLost(Exception):  # noqa: N818  names the fact
    """Every rank that ran a call was lost."""


class NameTaken(Exception):  # noqa: N818  names the fact
    """A constant of this name exists."""


class Handle:
    """A program's hold on a task it made: it stays on the rank that made it.

    Attributes:
        task: The kernel's record.
        taken: For each call, how often its outcome was taken from the kernel; for the checks.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.taken: bytearray = bytearray(task.calls)
        self.position = 0
        """The next call for a consumer in order."""
        self.buffer: deque[tuple[int, Outcome]] = deque()
        """Outcomes taken from the kernel and not yet handed to the program."""
        self.outcome: Outcome | None = None
        """The outcome of a single call, once it was taken."""


# --- operations ------------------------------------------------------------------------------


class Compute(NamedTuple):
    """Use the rank's core for so long."""

    seconds: float


class Die(NamedTuple):
    """Let the rank that runs this die."""


class Now(NamedTuple):
    """Read the virtual clock."""


class Map(NamedTuple):
    """Make a task of one call for each item; gives a `Handle` at once."""

    function: Function
    items: Sequence[Any]
    priority: int = 0


class Submit(NamedTuple):
    """Make a task of a single call; gives a `Handle` at once."""

    function: Function
    item: Any
    priority: int = 0


class Take(NamedTuple):
    """Wait for the next call of a map, in order; gives its `Outcome`."""

    handle: Handle


class TakeAny(NamedTuple):
    """Wait for any further call of a map; gives (index, `Outcome`)."""

    handle: Handle


class Gather(NamedTuple):
    """Wait for all calls of a map in order; gives their values, or raises the first error."""

    handle: Handle


class Result(NamedTuple):
    """Wait for a single call; gives its value or raises its error, or TimeoutError."""

    handle: Handle
    timeout: float | None = None


ALL, FIRST, FIRST_EXCEPTION = "all", "first", "first exception"


class WaitFor(NamedTuple):
    """Wait for single calls as `concurrent.futures.wait`; gives (done, not done)."""

    handles: Sequence[Handle]
    until: str = ALL
    timeout: float | None = None


class Everywhere(NamedTuple):
    """Make a call on each rank, beginning with this one; gives a `Handle` for each, by rank."""

    function: Function
    item: Any


class Initialize(NamedTuple):
    """Have a `Plain` run on this rank, and on each other before what is submitted from now on."""

    function: Plain
    item: Any


class Initialized(NamedTuple):
    """Give the items of the initializers that have run on this rank, in order."""


class Cancel(NamedTuple):
    """Cancel a single call that nobody has started; gives whether it could be."""

    handle: Handle


class SetConst(NamedTuple):
    """Make a constant; waits until rank 0 has agreed, or raises `NameTaken`."""

    name: str
    value: Any


class DelConst(NamedTuple):
    """Free a constant on every rank; waits until rank 0 has agreed, or raises `KeyError`."""

    name: str


class GetConst(NamedTuple):
    """Give the value of a constant that this rank knows, or None."""

    name: str
