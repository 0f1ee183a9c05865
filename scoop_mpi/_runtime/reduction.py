r"""Reductions: folded where their results are made, and combined along a tree.

The items are cut into at most `RUNS` runs. Each is folded from the left; the values of the runs are
combined along a binary tree, left before right, in which the left part of n runs is the largest
power of two below n. So the brackets depend on the number of items alone.

        runs 0..8           Whoever computes a node computes its left part itself. The right part it
        /       \           offers to the others meanwhile, as a task of one call, and takes it back
     0..4       4..8        if nobody has it yet. Who borrows a part does the same with it, and sends
     /  \       /  \        back one value.
   0..2 2..4 4..6 6..8

Not every part is offered: as long as nothing is known, those that are a fair part for a rank; then
those that are worth a message, by the time that a run took here and the size of its value
(`policy.part_is_worth`). The others are folded in a loop. A part that stays here is no call: its
value is not encoded.
"""

from __future__ import annotations

import functools
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, count
from typing import Any

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.protocol import BROKER
from scoop_mpi._kernel.task import Task
from scoop_mpi._runtime import here
from scoop_mpi._runtime.future import CANCELLED, Future
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.post import now
from scoop_mpi._runtime.values.callables import Function, Stateless, encode_function
from scoop_mpi._runtime.values.cargo import CallCargo
from scoop_mpi._runtime.values.codec import ATOMS, dumps, rewrapped
from scoop_mpi._runtime.values.columns import Column, encode_columns, received_column

RUNS = 512
"""A reduction is cut into at most so many runs. Fixed, as the brackets depend on it."""

_numbers = count(1)

Name = tuple[int, int]
"""Names a reduction: the rank that made it, and a number of that rank's."""

Seed = tuple[int, tuple[int, ...]]
"""Where the random numbers of a seeded reduction come from: seed and path."""


class NothingToReduce(Exception):  # noqa: N818  names the fact
    """There are no items."""


def size_of_runs(items: int) -> int:
    """Return how many items make a run."""
    return max(1, -(-items // RUNS))


def combined(reduce_func: Callable[[Any, Any], Any], values: list[Any]) -> Any:
    """Return the values of runs combined, along the tree.

    Raises:
        NothingToReduce: There are none.
    """
    if not values:
        raise NothingToReduce
    while len(values) > 1:
        odd = values[-1:] if len(values) % 2 else []
        pairs = zip(values[::2], values[1::2], strict=False)
        values = [reduce_func(left, right) for left, right in pairs] + odd
    return values[0]


class Operators(Stateless):
    """What is mapped and what reduces, as they travel to the ranks of a reduction."""

    def __init__(self, mapped: Function, combined: Function, key: str) -> None:
        self.mapped = mapped
        self.combined = combined
        self.key = key
        self.__module__ = mapped.key.rpartition(".")[0]
        self.__qualname__ = key
        self._copies: OrderedDict[Name, tuple[Any, Any]] = OrderedDict()
        self.encoded: Function | None = None

    def __reduce__(self) -> Any:
        parts = [
            (f.key, f.digest, None if f.pickled is None else rewrapped(f.pickled), f.shared)
            for f in (self.mapped, self.combined)
        ]
        return _received_operators, (*parts, self.key)

    def load(self, name: Name) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """Return both to call them: if they have state, one copy for each reduction on each rank."""
        if name not in self._copies:
            self._copies[name] = self.mapped.load(), self.combined.load()
            if len(self._copies) > 4:
                self._copies.popitem(last=False)
        return self._copies[name]

    def function(self, loop: Loop, runs: int) -> Function:
        """Return what computes a part of so many runs: its durations are filed by its size."""
        if self.encoded is None:
            self.encoded = encode_function(self, travels=loop.ranks > 1)
        whole = self.encoded
        return Function(f"{self.key}[{runs}]", whole.digest, whole.pickled, self, shared=True)

    def __call__(self, name: Name, shape: Any, data: Sequence[Any], hints: Any, seed: Any) -> Any:
        """Compute a part that was borrowed."""
        items, size, first, last = shape
        columns = [received_column(kind, values) for kind, values in data]
        part = Part(here.current(), self, name, columns, first * size, items, size, seed)
        part.run_s, part.value_bytes = hints
        return part.value(first, last)


def _received_operators(mapped: Any, combined: Any, key: str) -> Operators:
    mapped, combined = (
        Function(name, digest, pickled, None, shared=shared)
        for name, digest, pickled, shared in (mapped, combined)
    )
    return Operators(mapped, combined, key)


class Part:
    """A reduction, or a part of one, on this rank.

    Attributes:
        run_s: What a run takes here, folded and combined; None until one was seen.
        value_bytes: The size of its value; None likewise.
    """

    def __init__(
        self,
        loop: Loop,
        operators: Operators,
        name: Name,
        columns: Sequence[Column],
        origin: int,
        items: int,
        size: int,
        seed: Seed | None,
    ) -> None:
        self._loop = loop
        self._operators = operators
        self._name = name
        self._columns = columns
        self._origin = origin
        """The index of the first item that the columns hold."""
        self._items = items
        self._size = size
        self._runs = -(-items // size)
        self._seed = seed
        self._map, self._reduce = operators.load(name)
        self.run_s: float | None = None
        self.value_bytes: int | None = None
        self._combine_s = 0.0

    # --- the tree -------------------------------------------------------------------------------

    def value(self, first: int, last: int) -> Any:
        """Return the value of runs `first` to `last`."""
        if not self._splits(last - first):
            return self._in_a_loop(first, last)
        middle = first + (1 << (last - first - 1).bit_length() - 1)
        task = self._offer(middle, last) if self._is_worth(last - middle) else None
        try:
            left = self.value(first, middle)
            if task is None or self._take_back(task):
                right = self.value(middle, last)
            else:
                right = Future(self._loop, task).result()
        finally:
            self._let_go(task)
        started = now()
        value = self._combined(first, last, left, right)
        self._combine_s = now() - started
        return value

    def anywhere(self, first: int, last: int) -> Any:
        """Return the value of runs, computed by this rank or another one."""
        return Future(self._loop, self._offer(first, last)).result()

    def _splits(self, runs: int) -> bool:
        """Return whether a part is computed as two; as long as nothing is known, down to a run."""
        if runs == 1 or self._loop.ranks == 1:
            return False
        return self.run_s is None or self._is_worth(runs // 2)

    def _is_worth(self, runs: int) -> bool:
        """Return whether a part is offered to others."""
        ranks = self._loop.ranks
        if self.run_s is None:
            return ranks > 1 and runs * policy.PARTS * ranks >= self._runs
        run_s = self.run_s + self._combine_s
        return policy.part_is_worth(runs, ranks, run_s, self.value_bytes or 0)

    def _offer(self, first: int, last: int) -> Task:
        cargo = PartCargo(self, self._operators.function(self._loop, last - first), first, last)
        return self._loop.push(1, cargo)

    def _take_back(self, task: Task) -> bool:
        """Return whether nobody has started a part, nor will: it is for this caller to compute."""
        loop = self._loop
        with loop.lock:
            back, actions = loop.worker.cancel(task, CANCELLED)
            loop.perform(actions)
        return back

    def _let_go(self, task: Task | None) -> None:
        """Drop a part that is not needed any more: one on its left has raised."""
        if task is not None and not task.finished:
            with self._loop.lock:
                self._loop.worker.look_at(task)
                self._loop.worker.abandon(task)

    # --- the work -------------------------------------------------------------------------------

    def _in_a_loop(self, first: int, last: int) -> Any:
        """Fold runs one after the other, and combine their values as the tree says."""
        started = now()
        stack: list[tuple[int, Any]] = []
        for run in range(first, last):
            start, value = run, self._fold(run)
            # Complete pairs of each level: as often as the number of runs so far can be halved.
            done = run + 1 - first
            while done & 1 == 0:
                start, left = stack.pop()
                value = self._combined(start, run + 1, left, value)
                done >>= 1
            stack.append((start, value))
        value = stack.pop()[1]
        while stack:
            start, left = stack.pop()
            value = self._combined(start, last, left, value)
        run_s = (now() - started) / (last - first)
        self.run_s = run_s if self.run_s is None else (self.run_s + run_s) / 2
        return value

    def _fold(self, run: int) -> Any:
        if self._seed is None:
            return self._folded(run)
        with self._random(run):
            return self._folded(run)

    def _folded(self, run: int) -> Any:
        start = run * self._size - self._origin
        stop = min((run + 1) * self._size, self._items) - self._origin
        first, *others = [column.items(start, stop) for column in self._columns]
        ended: list[bool] = []
        values = map(self._map, chain(first, _note_end(ended)), *others)
        value = next(values)
        if self.value_bytes is None:
            self.value_bytes = _size_of(value)
        value = functools.reduce(self._reduce, values, value)
        if not ended:  # the function raised it, which `map` takes for its own end
            raise StopIteration(f"raised by {self._map!r}")
        return value

    def _combined(self, first: int, last: int, left: Any, right: Any) -> Any:
        if self._seed is None:
            return self._reduce(left, right)
        with self._random(self._runs, first, last):
            return self._reduce(left, right)

    def _random(self, *place: int) -> Any:
        from scoop_mpi._runtime.seeds import Stream  # noqa: PLC0415  only in seeded programs

        assert self._seed is not None
        seed, path = self._seed
        return Stream(seed, (*path, *place))

    # --- what travels ---------------------------------------------------------------------------

    def cut(self, first: int, last: int) -> tuple[Any, ...]:
        """Return the arguments of `Operators.__call__` for a part, with its items alone."""
        start = first * self._size - self._origin
        stop = min(last * self._size, self._items) - self._origin
        data = tuple(column.cut(start, stop) for column in self._columns)
        shape = self._items, self._size, first, last
        return self._name, shape, data, (self.run_s, self.value_bytes), self._seed


class PartCargo(CallCargo):
    """A part that is offered: its items are cut off when somebody borrows it."""

    __slots__ = ("_first", "_last", "_part")

    def __init__(self, part: Part, function: Function, first: int, last: int) -> None:
        super().__init__(function, (), {})
        self._part = part
        self._first = first
        self._last = last

    def cut(self, start: int, stop: int) -> Any:
        """Return what travels."""
        return self.function.digest, (self._part.cut(self._first, self._last), {})

    def call(self, index: int) -> Any:
        """Compute the part here."""
        return self._part.value(self._first, self._last)


def _note_end(ended: list[bool]) -> Iterator[Any]:
    """Yield nothing, and note that it was asked for."""
    ended.append(True)
    yield from ()


def _size_of(value: Any) -> int:
    """Return about how many bytes a value travels as."""
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    if type(value) in ATOMS:
        return sys.getsizeof(value)
    try:
        return dumps(value).size
    except Exception:  # only values of parts must travel, perhaps this one need not
        return 0


def reduced(loop: Loop, map_func: Any, reduce_func: Any, iterables: Sequence[Iterable[Any]]) -> Any:
    """Return the reduction of what the items are mapped to.

    Raises:
        NothingToReduce: There are no items.
    """
    travels = loop.ranks > 1
    mapped = encode_function(map_func, travels=travels)
    combined = encode_function(reduce_func, travels=travels)
    operators = Operators(mapped, combined, f"mapReduce({mapped.key}, {combined.key})")
    columns, items = encode_columns(iterables)
    if not items:
        raise NothingToReduce
    random = None if here.stream is None else here.stream()
    seed = None
    if random is not None:
        seeded: Any = random.seeded(reduce_func)
        seed = seeded.seed, seeded.path
    size = size_of_runs(items)
    name = loop.rank, next(_numbers)
    part = Part(loop, operators, name, columns, 0, items, size, seed)
    runs = -(-items // size)
    if loop.rank == BROKER and not policy.root_may_run(loop.ranks, None):
        return part.anywhere(0, runs)
    return part.value(0, runs)
