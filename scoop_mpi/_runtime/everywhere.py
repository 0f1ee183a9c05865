"""Calls on every rank: those that are made now (`run_everywhere`), and those that come first (`initialize`).

A call on every rank is one task for each, which its owner lends to that very rank, unasked. A rank
runs what was so lent before anything else, on its main thread: between calls, or when one waits.
What a lost rank had comes back as a `WorkerLost`, as for any call that is not to be run again.

An initializer is numbered among the constants, so that no call which may know of it runs before it
(see `_kernel.constants`). Its definer has run it first, and has its exception; where it fails later,
that rank starts nothing any more, and the job ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scoop_mpi._kernel.constants import INITIALIZER
from scoop_mpi._kernel.protocol import BROKER, Problem, Send
from scoop_mpi._kernel.task import Task
from scoop_mpi._runtime import here
from scoop_mpi._runtime.values import blocks, codec, outcomes
from scoop_mpi._runtime.values.callables import encode_function
from scoop_mpi._runtime.values.cargo import CallCargo, encode_call

if TYPE_CHECKING:
    from scoop_mpi._runtime.loop import Loop


def run_on_all(
    loop: Loop, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[Task]:
    """Make a call on each rank, this one's at once; return their tasks, by rank."""
    cargos = _cargos(loop, func, args, kwargs)
    tasks = []
    with loop.lock:
        for rank, cargo in enumerate(cargos):
            task = loop.worker.new_task(1, cargo.function.key, cargo, loop.group, retries=0)
            tasks.append(task)
            if rank != loop.rank:
                loop.perform(loop.worker.push_to(task, rank))
        block = loop.perform(loop.worker.push_to(tasks[loop.rank], loop.rank))
    assert block is not None
    loop.run(block)
    return tasks


def _cargos(
    loop: Loop, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[CallCargo]:
    """Return what each rank is to call: the same, but for the streams of seeded calls."""
    stream = None if here.stream is None else here.stream()
    if stream is None:
        function = encode_function(func, travels=loop.ranks > 1)
        return [encode_call(function, args, kwargs)] * loop.ranks
    function = encode_function(stream.seeded(func), travels=loop.ranks > 1)
    return [encode_call(function, (rank, *args), kwargs) for rank in range(loop.ranks)]


# --- initializers ----------------------------------------------------------------------------


def initialize(
    loop: Loop, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Call a function here, then on every other rank before whatever is submitted from now on."""
    if not callable(func):
        raise TypeError(f"the first argument must be callable, not {func!r}")
    encoded = loop.blocks.make(codec.dumps((func, args, kwargs)))
    func(*args, **kwargs)
    name = getattr(func, "__qualname__", None) or type(func).__qualname__
    denied = loop.define(((f"{INITIALIZER}{loop.new_name()} {name}", encoded),))
    assert denied is None, "each initializer has a name of its own"


class InitializerCargo:
    """An initializer as another rank has defined it."""

    def __init__(self, encoded: codec.Pickled | blocks.Block, key: str) -> None:
        self._encoded = encoded
        self._name = key.partition(" ")[2]

    def call(self, _: int) -> None:
        """Run the initializer. If it fails this rank does nothing more, and the job ends."""
        loop = here.current("initialize")
        try:
            func, args, kwargs = blocks.load(self._encoded)
            func(*args, **kwargs)
        except BaseException as error:  # an initializer may raise anything
            if isinstance(error, KeyboardInterrupt) and loop.interrupted:
                raise
            text = (
                f"scoop_mpi: the initializer {self._name} failed on {loop.where}, so the job ends:\n"
                f"{outcomes.format_error(error)}"
            )
            with loop.lock:
                loop.worker.closing = True
                loop.perform([Send(BROKER, Problem(text))])
