"""Runs blocks of calls, and does what the programs in them ask for.

Everything here is a generator that runs as part of a strand: it yields the seconds it computes,
or None once it has parked (see `rank`). Waiting does the work: a caller that waits for a call that
is still on its rank claims it and runs it on the spot; only when it is away does the caller park.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.constants import INITIALIZER
from scoop_mpi._kernel.protocol import BROKER, Accepted, Define, Run, Send, Undefine
from scoop_mpi._kernel.task import Block, Loan, Task
from scoop_mpi._kernel.wait import Wait
from scoop_mpi.testing import checks
from scoop_mpi.testing import operations as op
from scoop_mpi.testing.network import Parcel
from scoop_mpi.testing.operations import Cancelled, Function, Handle, Outcome, Plain
from scoop_mpi.testing.rank import Rank, Running, Steps

if TYPE_CHECKING:
    from scoop_mpi.testing.cluster import Cluster

OFFER_S = 3e-3
"""A timed wait offers its calls to others for this long before it runs them itself."""

Working = Generator[float | None, None, Any]
"""Steps that end in a value."""


class Cargo:
    """Callable and arguments of a task, on its owner."""

    call_bytes = 0

    def __init__(self, owner: int, function: Function, items: Sequence[Any]) -> None:
        self.owner = owner
        self.function = function
        self.items = items

    def cut(self, start: int, stop: int) -> Parcel:
        """Encode what travels for these calls."""
        blob = pickle.dumps((self.function, self.items[start:stop]), pickle.HIGHEST_PROTOCOL)
        return Parcel(self.owner, -1, blob)


class Runner:
    """Runs user code on the ranks of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.handles: list[tuple[int, Handle]] = []
        """Every task ever made, with its owner."""
        self.ran: dict[tuple[int, int], bytearray] = {}
        """(owner, serial) -> for each call, how often it has run."""
        self._operations: dict[type, Callable[[Rank, int, Any], Working]] = {
            op.Compute: self._compute,
            op.Die: self._die,
            op.Now: self._now,
            op.Map: self._map,
            op.Submit: self._submit,
            op.Take: self._take,
            op.TakeAny: self._take_any,
            op.Gather: self._gather,
            op.Result: self._result,
            op.WaitFor: self._wait_for,
            op.Everywhere: self._everywhere,
            op.Initialize: self._initialize,
            op.Initialized: self._initialized,
            op.Cancel: self._cancel,
            op.SetConst: self._set_const,
            op.DelConst: self._del_const,
            op.GetConst: self._get_const,
        }

    # --- blocks and calls --------------------------------------------------------------------

    def strand(self, rank: Rank, block: Block) -> Steps:
        """Return the steps of a block that the rank's loop runs."""
        yield from self._run(rank, block)

    def root(self, rank: Rank, function: Function, arguments: tuple[Any, ...]) -> Working:
        """Run the root program."""
        assert not isinstance(function, Plain)
        return (yield from self._call(rank, function, arguments))

    def _run(self, rank: Rank, block: Block) -> Working:
        """Run a block and report it."""
        if self._cluster.story is not None:
            self._cluster.story.ran(rank.clock, rank.number, block)
        strand = rank.current
        assert strand is not None
        if isinstance(block.source, Loan) and block.source.owner == rank.number:
            yield from self._run_initializer(rank, block)
            return
        begun_s = rank.clock - strand.away_s
        function, items = self._unpack(block)
        outcomes: list[Outcome] = []
        if isinstance(function, Plain):
            seconds = sum(function.seconds(item) for item in items)
        if isinstance(function, Plain) and (len(items) == 1 or seconds < policy.PATIENCE_S):
            self._count(rank, block, block.start, block.stop)
            outcomes = [plain_outcome(function, item) for item in items]
            yield seconds
        else:
            yield from self._run_each(rank, block, function, items, outcomes)
        failed = any(outcome.error is not None for outcome in outcomes)
        source = block.source
        owner = rank.number if isinstance(source, Task) else source.owner
        payload = Parcel(owner, rank.number, pickle.dumps(outcomes, pickle.HIGHEST_PROTOCOL))
        seconds = rank.clock - strand.away_s - begun_s
        rank.spend(self._cluster.costs.kernel_s)
        rank.perform(
            rank.worker.finished(block, payload, rank.clock, failed=failed, seconds=seconds)
        )

    def _run_each(
        self,
        rank: Rank,
        block: Block,
        function: Function,
        items: Sequence[Any],
        outcomes: list[Outcome],
    ) -> Working:
        """Run the calls of a block one by one; a tick may cut off those that have not begun."""
        running = Running(block, rank.clock)
        rank.running.append(running)
        while running.index < block.stop:
            self._count(rank, block, running.index, running.index + 1)
            item = items[running.index - block.start]
            if isinstance(function, Plain):
                outcomes.append(plain_outcome(function, item))
                yield function.seconds(item)
            else:
                outcomes.append((yield from self._call(rank, function, (item,))))
            running.index += 1
        rank.running.remove(running)

    def _run_initializer(self, rank: Rank, block: Block) -> Working:
        """Run an initializer that another rank has defined."""
        assert isinstance(block.source, Loan)
        function, item = pickle.loads(block.source.cargo[1])
        yield function.seconds(item)
        rank.initialized.append(item)
        rank.perform(rank.worker.finished(block, None, rank.clock, failed=False, seconds=None))

    def _unpack(self, block: Block) -> tuple[Function, Sequence[Any]]:
        source = block.source
        if isinstance(source, Task):
            cargo = source.cargo
            assert isinstance(cargo, Cargo)
            return cargo.function, cargo.items[block.start : block.stop]
        if isinstance(source.cargo, Parcel):
            source.cargo = pickle.loads(source.cargo.blob)
        function, items = source.cargo
        return function, items[block.start - source.origin : block.stop - source.origin]

    def _count(self, rank: Rank, block: Block, start: int, stop: int) -> None:
        """Book that these calls are being run."""
        source = block.source
        owner = rank.number if isinstance(source, Task) else source.owner
        ran = self.ran[owner, source.serial]
        for index in range(start, stop):
            ran[index] += 1

    def _call(self, rank: Rank, function: Any, arguments: tuple[Any, ...]) -> Working:
        """Run one call to its outcome."""
        rank.calls += 1
        call = rank.calls
        steps = function(*arguments)
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                wanted = steps.send(value) if error is None else steps.throw(error)
            except StopIteration as end:
                return Outcome(end.value)
            except Exception as raised:  # whatever user code raises is the call's outcome
                raised.__traceback__ = None
                return Outcome(None, raised)
            value, error = yield from self._operations[type(wanted)](rank, call, wanted)

    # --- operations: each gives (value, error) ------------------------------------------------

    def _compute(self, rank: Rank, call: int, wanted: op.Compute) -> Working:
        yield wanted.seconds
        return None, None

    def _die(self, rank: Rank, call: int, wanted: op.Die) -> Working:
        assert rank.number != BROKER, "the root would die, and the job with it"
        self._cluster.kill(rank.number)
        while True:
            yield None

    def _now(self, rank: Rank, call: int, wanted: op.Now) -> Working:
        return rank.clock, None
        yield

    def _map(self, rank: Rank, call: int, wanted: op.Map) -> Working:
        return self._push(rank, call, wanted.function, wanted.items, wanted.priority), None
        yield

    def _submit(self, rank: Rank, call: int, wanted: op.Submit) -> Working:
        return self._push(rank, call, wanted.function, [wanted.item], wanted.priority), None
        yield

    def _push(
        self, rank: Rank, call: int, function: Function, items: Sequence[Any], priority: int
    ) -> Handle:
        rank.spend(self._cluster.costs.kernel_s)
        key = function.key if isinstance(function, Plain) else function.__qualname__
        cargo = Cargo(rank.number, function, items)
        task = rank.worker.new_task(len(items), key, cargo, group=call)
        if priority:
            rank.worker.prioritise(task, priority)
        handle = Handle(task)
        self.handles.append((rank.number, handle))
        self.ran[rank.number, task.serial] = bytearray(len(items))
        if self._cluster.story is not None:
            self._cluster.story.made(rank.clock, rank.number, task)
        rank.perform(rank.worker.push(task))
        return handle

    def _take(self, rank: Rank, call: int, wanted: op.Take) -> Working:
        handle = wanted.handle
        if not handle.buffer:
            while handle.position not in handle.task.arrived:
                yield from self._await(rank, handle, handle.position)
            self._fetch(handle, handle.position)
        index, outcome = handle.buffer.popleft()
        handle.position = index + 1
        return outcome, None

    def _take_any(self, rank: Rank, call: int, wanted: op.TakeAny) -> Working:
        handle = wanted.handle
        if not handle.buffer:
            while not handle.task.arrived:
                yield from self._await(rank, handle, None)
            self._fetch(handle, next(iter(handle.task.arrived)))
        return handle.buffer.popleft(), None

    def _await(self, rank: Rank, handle: Handle, index: int | None) -> Working:
        """Wait for a call of a task (None: for any): run it here, or park until it arrives."""
        task = handle.task
        first = index
        if first is None and task.unstarted.count:
            first = next(iter(task.unstarted))[0]
        rank.spend(self._cluster.costs.kernel_s)
        block = None if first is None else rank.worker.claim(task, first, rank.clock)
        if block is not None:
            yield from self._run(rank, block)
            return
        wait = Wait(1)
        rank.worker.watch(wait, task, index)
        yield from rank.park(wait)
        rank.worker.unwatch(wait, task)

    def _fetch(self, handle: Handle, start: int) -> None:
        """Take an arrived run of outcomes from the kernel into the handle's buffer."""
        stop, failed, payload = handle.task.arrived.pop(start)
        cancelled = isinstance(payload, Outcome)
        outcomes = [payload] if cancelled else pickle.loads(payload.blob)
        assert len(outcomes) == stop - start, "an outcome for each call"
        assert failed == any(outcome.error is not None for outcome in outcomes)
        for index, outcome in enumerate(outcomes, start):
            handle.taken[index] += 1
            handle.buffer.append((index, outcome))

    def _gather(self, rank: Rank, call: int, wanted: op.Gather) -> Working:
        values = []
        while wanted.handle.position < wanted.handle.task.calls:
            outcome, _ = yield from self._take(rank, call, op.Take(wanted.handle))
            if outcome.error is not None:
                return None, outcome.error
            values.append(outcome.value)
        return values, None

    def _result(self, rank: Rank, call: int, wanted: op.Result) -> Working:
        handle = wanted.handle
        if handle.outcome is None:
            yield from self._wait_until(rank, [handle], 1, wanted.timeout)
            if 0 not in handle.task.arrived:
                return None, TimeoutError()
            self._settle(handle)
        assert handle.outcome is not None
        return handle.outcome

    def _settle(self, handle: Handle) -> Outcome:
        """Return the outcome of a single call that has arrived."""
        if handle.outcome is None:
            self._fetch(handle, 0)
            _, handle.outcome = handle.buffer.popleft()
        return handle.outcome

    def _wait_for(self, rank: Rank, call: int, wanted: op.WaitFor) -> Working:
        pending = [handle for handle in wanted.handles if not handle.task.finished]
        finished = [handle for handle in wanted.handles if handle.task.finished]
        on_failure = wanted.until == op.FIRST_EXCEPTION
        needed = len(pending)
        if wanted.until == op.FIRST:
            needed = 0 if finished else min(1, needed)
        elif on_failure and any(self._settle(handle).error for handle in finished):
            needed = 0
        if needed:
            yield from self._wait_until(
                rank, pending, needed, wanted.timeout, on_failure=on_failure
            )
        done = [handle for handle in wanted.handles if handle.task.finished]
        return (done, [handle for handle in wanted.handles if not handle.task.finished]), None

    def _wait_until(
        self,
        rank: Rank,
        handles: Iterable[Handle],
        needed: int,
        timeout: float | None,
        *,
        on_failure: bool = False,
    ) -> Working:
        """Wait for `needed` of these single calls, running those that nobody else has."""
        tasks = [handle.task for handle in handles if not handle.task.finished]
        if not tasks:
            return
        wait = Wait(needed, stop_on_failure=on_failure)
        for task in tasks:
            rank.worker.watch(wait, task, 0)
        begun = rank.clock
        deadline = None if timeout is None else begun + timeout
        offered = begun if timeout is None else begun + min(OFFER_S, timeout)
        while not wait.satisfied and (deadline is None or rank.clock < deadline):
            block = None
            if rank.clock >= offered:
                block = self._claim_one(rank, tasks)
            if block is not None:
                yield from self._run(rank, block)
            else:
                offer = rank.clock < offered
                yield from rank.park(wait, offered if offer else deadline, offer=offer)
        for task in tasks:
            rank.worker.unwatch(wait, task)
        checks.after_wait(wait, needed, on_failure=on_failure)

    def _claim_one(self, rank: Rank, tasks: Iterable[Task]) -> Block | None:
        for task in tasks:
            if task.unstarted.count:
                rank.spend(self._cluster.costs.kernel_s)
                block = rank.worker.claim(task, 0, rank.clock)
                if block is not None:
                    return block
        return None

    def _everywhere(self, rank: Rank, call: int, wanted: op.Everywhere) -> Working:
        function = wanted.function
        key = function.key if isinstance(function, Plain) else function.__qualname__
        handles = []
        for number in range(rank.worker.ranks):
            cargo = Cargo(rank.number, function, [wanted.item])
            task = rank.worker.new_task(1, key, cargo, group=call, retries=0)
            handles.append(Handle(task))
            self.handles.append((rank.number, handles[-1]))
            self.ran[rank.number, task.serial] = bytearray(1)
            if number != rank.number:
                rank.perform(rank.worker.push_to(task, number))
        (action,) = rank.worker.push_to(handles[rank.number].task, rank.number)
        assert isinstance(action, Run)
        yield from self._run(rank, action.block)
        return handles, None

    def _initialize(self, rank: Rank, call: int, wanted: op.Initialize) -> Working:
        yield wanted.function.seconds(wanted.item)
        rank.initialized.append(wanted.item)
        name = f"{INITIALIZER}{rank.number} {rank.calls}"
        blob = pickle.dumps((wanted.function, wanted.item))
        yield from self._define(rank, name, blob)
        return None, None

    def _initialized(self, rank: Rank, call: int, wanted: op.Initialized) -> Working:
        return list(rank.initialized), None
        yield

    def _cancel(self, rank: Rank, call: int, wanted: op.Cancel) -> Working:
        rank.spend(self._cluster.costs.kernel_s)
        done, actions = rank.worker.cancel(wanted.handle.task, Outcome(None, Cancelled()))
        rank.perform(actions)
        return done, None
        yield

    def _set_const(self, rank: Rank, call: int, wanted: op.SetConst) -> Working:
        made = yield from self._define(rank, wanted.name, pickle.dumps(wanted.value))
        return None, None if made else op.NameTaken(wanted.name)

    def _define(self, rank: Rank, name: str, blob: bytes) -> Working:
        """Make a constant, or an initializer; gives whether that was accepted."""
        rank.calls += 1
        constants = rank.worker.constants
        definition = constants.define(rank.calls, f"rank {rank.number}", ((name, blob),))
        return (yield from self._ask_registry(rank, definition))

    def _del_const(self, rank: Rank, call: int, wanted: op.DelConst) -> Working:
        rank.calls += 1
        if (yield from self._ask_registry(rank, Undefine(rank.calls, wanted.name))):
            return None, None
        return None, KeyError(wanted.name)

    def _ask_registry(self, rank: Rank, message: Define | Undefine) -> Working:
        """Ask rank 0, and wait until what it has accepted is known here; False if it has not."""
        rank.perform([Send(BROKER, message)])
        constants = rank.worker.constants
        wait = Wait(1)
        rank.verdicts.append(wait)
        while message.ticket not in constants.verdicts:
            yield from rank.park(wait)
        verdict = constants.verdicts.pop(message.ticket)
        if isinstance(verdict, Accepted):
            while constants.number < verdict.number:
                yield from rank.park(wait)
        rank.verdicts.remove(wait)
        return isinstance(verdict, Accepted)

    def _get_const(self, rank: Rank, call: int, wanted: op.GetConst) -> Working:
        constant = rank.worker.constants.known.get(wanted.name)
        return (None if constant is None else pickle.loads(constant.encoded)), None
        yield


def plain_outcome(function: Plain, item: Any) -> Outcome:
    """Return what a plain call comes to."""
    try:
        return Outcome(function(item))
    except Exception as raised:  # as for other calls
        raised.__traceback__ = None
        return Outcome(None, raised)
