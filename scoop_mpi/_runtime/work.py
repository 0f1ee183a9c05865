"""What one rank has made and what it runs: tasks, drafts and blocks.

A call that was submitted is a *draft* at first, and so are the few of a small map: their maker is likely
to ask for them next, and then each is called where it is asked for, without ever becoming a task of the
kernel's, which takes twice as long as the rest (lazy task creation: Mohr, Kranz and Halstead, 1990).
Drafts are filed as tasks, with those of their calls that have not begun, as soon as anybody else could
run them:

* when somebody asks this rank for work, or the ticker tells that there is some: so many as travel,
* when its maker waits for something else, looks at the future, or makes a task,
* when a second thread comes.

All drafts are newer than any task that is to be started. `drafts` is changed by the thread that
drives without the lock, by others with it: each change is one step of the interpreter.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from threading import get_ident
from typing import TYPE_CHECKING, Any

from scoop_mpi._kernel import policy
from scoop_mpi._kernel.protocol import Actions, Ask
from scoop_mpi._kernel.task import Block, Loan, Task
from scoop_mpi._runtime import settings
from scoop_mpi._runtime.calls import Running
from scoop_mpi._runtime.draft import Draft
from scoop_mpi._runtime.post import Post, now
from scoop_mpi._runtime.values import outcomes
from scoop_mpi._runtime.values.cargo import Cargo, MapCargo, received_cargo
from scoop_mpi._runtime.values.codec import ATOMS
from scoop_mpi._runtime.wire.transport import Transport

if TYPE_CHECKING:
    from scoop_mpi._runtime.everywhere import InitializerCargo
    from scoop_mpi._runtime.faults.journal import Journal

_NO_FAILURES: dict[int, BaseException] = {}


def _has_interrupt(failures: dict[int, BaseException]) -> bool:
    return any(isinstance(error, KeyboardInterrupt) for error in failures.values())


class Work(Post):
    """The calls that were made on one rank, and those that run on it.

    Attributes:
        group: The call that runs now: tasks made by one call are siblings.
        drafts: Calls that are not filed, oldest first.
        drafting: Whether there are any: not where somebody counts what is pushed or run.
        journal: Keeps the outcomes of the root program's own calls.
        interrupted: Whether Ctrl-C has come, perhaps within a call: then it ends more than that call.
    """

    news: int

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.group: int = 0
        self._groups = count(1)
        self._depth = 0
        """How many calls run inside one another's waits in this greenlet."""
        self._away_s = 0.0
        """How long the call that runs now was parked."""
        self.drafts: OrderedDict[Draft, bool] = OrderedDict()
        self.drafting: bool = True
        self._running: list[Running] = []
        """Blocks of several calls that have begun here and not ended, parked ones included."""
        self._loaded: OrderedDict[tuple[int, int], Callable[..., Any]] = OrderedDict()
        """Callables with state that the latest maps of other ranks use here: one copy a map."""
        self._looked = 0.0
        """When this thread looked for messages between its calls."""
        self.journal: Journal | None = None
        self.interrupted: bool = False
        self._takers[Ask] = self._take_ask

    # --- made here ---------------------------------------------------------------------------

    def push(self, calls: int, cargo: Cargo, retries: int | None = None) -> Task:
        """Make a task of this rank's and put it to work."""
        self._before_a_task()
        if self.journal is not None and not self.group:
            return self._push_kept(calls, cargo, retries)
        with self.lock:
            worker = self.worker
            task = worker.new_task(calls, cargo.function.key, cargo, self.group, retries)
            actions = worker.push(task)
            if actions:
                self.perform(actions)
            self.news += 1
        if self.dozing:
            self._nudge()
        return task

    def _push_kept(self, calls: int, cargo: Cargo, retries: int | None) -> Task:
        """Make a task of the root program, of whose outcomes the journal may have some."""
        task = self.worker.new_task(calls, cargo.function.key, cargo, self.group, retries)
        self._put_to_work(task, cargo)
        return task

    def push_ahead(self, priority: int, calls: int, cargo: Cargo, retries: int | None) -> Task:
        """Make a task that comes before those of the same maker with a lower priority."""
        self._before_a_task()
        with self.lock:
            task = self.worker.new_task(calls, cargo.function.key, cargo, self.group, retries)
            self.worker.prioritise(task, priority)
        self._put_to_work(task, cargo)
        return task

    def _put_to_work(self, task: Task, cargo: Cargo) -> None:
        """Put a task to work, but for what the journal knows, if this is for it."""
        journal = None if self.group else self.journal
        known = () if journal is None else journal.known(task, cargo, task.calls)
        with self.lock:
            actions = self.worker.push(task, known)
            if journal is not None and not task.finished:
                self.worker.kept[task.serial] = journal.arrivals
            self.perform(actions)
            self.news += 1
        if self.dozing:
            self._nudge()

    def _before_a_task(self) -> None:
        """Know of the thread that makes it, and have it be the newest."""
        if get_ident() != self.thread:
            self._expect_threads()
        if self.drafts:
            self.file_drafts()

    def _may_run(self) -> bool:
        """Return whether the thread that asks may run a call where it stands."""
        if get_ident() != self.thread:
            self._expect_threads()
        return self._depth < settings.INLINE_DEPTH

    def _expect_threads(self) -> None:
        """Keep apart what belongs to the call of each thread: another one than ours has come."""
        raise NotImplementedError

    # --- drafts ------------------------------------------------------------------------------

    def make(self, calls: int, cargo: Cargo) -> Task | Draft:
        """Make a draft of calls, if they are few and nobody is to hear of them at once; else a task."""
        mine = self.drafting and get_ident() == self.thread and self.journal is None
        few = 0 < calls <= settings.DRAFT_CALLS
        if not (mine and few) or self.worker.is_news(cargo.function.key, calls):
            return self.push(calls, cargo)
        draft = Draft(cargo, self.group, calls)
        self.drafts[draft] = True
        return draft

    def file_drafts(self) -> None:
        """Make tasks of all drafts."""
        if self.drafts:
            with self.lock:
                self.perform(self._file(len(self.drafts)))
                self.news += 1

    def file(self, draft: Draft) -> Task:
        """Return the task of a draft, which may be waiting, running or done."""
        if draft.task is not None:
            return draft.task
        self.file_drafts()
        with self.lock:
            if draft.task is None:  # its maker has the last call in hand, or had
                self.perform(self._file_one(draft))
            assert draft.task is not None
            return draft.task

    def _file(self, most: int) -> Actions:
        """Make tasks of at most so many drafts, the oldest. The lock is held."""
        actions: Actions = []
        try:
            while self.drafts and most > 0:
                draft, _ = self.drafts.popitem(last=False)
                try:
                    actions += self._file_one(draft)
                except BaseException:  # an interrupt, or the end of a deep stack
                    if draft.task is None:
                        self.drafts[draft] = True
                        self.drafts.move_to_end(draft, last=False)
                    raise
                most -= 1
        except KeyError:  # its maker has just taken the last one
            pass
        return actions

    def _file_one(self, draft: Draft) -> Actions:
        """Make a task of a draft with the calls that have not begun. The lock is held."""
        cargo = draft.cargo
        assert cargo is not None
        task = self.worker.new_task(draft.calls, cargo.function.key, cargo, draft.maker)
        begun = draft.take_rest()
        draft.task, draft.cargo = task, None
        if draft.ended == draft.calls:
            task.end([draft.returned])
            return []
        if begun:
            task.begin(begun, running=begun > draft.ended)
        return self.worker.push(task)

    def _take_ask(self, sender: int, message: Ask) -> Actions:
        """Have something to lend, if there are drafts."""
        actions = self._file(policy.BUNDLE)
        return actions + self.worker.receive(sender, message, now())

    def _tell_of_drafts(self) -> Actions:
        """Have the Broker hear of drafts, by the oldest one. The lock is held."""
        return self._file(0 if self.worker.told_surplus else 1)

    def run_draft(self, draft: Draft) -> bool:
        """Make its next call where its maker waits for that; return whether its value is there now.

        If not it is a task, or becomes one: it has raised, or its value is to be copied, or somebody
        knows of it already, or this thread may not run it here.
        """
        worker, depth, cargo = self.worker, self._depth, draft.cargo
        if cargo is None or worker.picks or worker.closing or depth >= settings.INLINE_DEPTH:
            return False
        left = draft.left
        if get_ident() != self.thread or not left:
            return False
        try:
            index = left.pop()
        except IndexError:  # the ticker has just taken the rest
            return False
        if not left:
            self.drafts.pop(draft, None)
        key = cargo.function.key
        failures = _NO_FAILURES
        # What a call leaves and finds is noted as in `run`: to share that costs 8 % of a draft (measured).
        group, away_s = self.group, self._away_s
        self.group = next(self._groups)
        self._away_s = 0.0
        self._depth = depth + 1
        started = now()
        try:
            value = cargo.call(index)
        except BaseException as error:  # a call may raise anything
            value, failures = None, {0: error}
        ended = now()
        seconds = ended - started - self._away_s
        if not depth:
            self.tally.note_block(key, seconds)
        self._depth = depth
        self.group = group
        self._away_s += away_s
        if type(value) in ATOMS and not failures:
            with self.lock:
                if draft.task is None:
                    draft.returned = value
                    draft.ended = index + 1
                    worker.ran_draft(key, seconds, ended, last=not left)
                    if not left:
                        cargo.forget()
                    self._look_between_calls(ended)
                    return True
        self._report(Block(self.file(draft), index, index + 1), [value], failures, ended, seconds)
        return False

    # --- running -----------------------------------------------------------------------------

    def run(self, block: Block) -> None:
        """Run a block of calls and report what became of them."""
        if self.dozing:
            self.compute(short=self.worker.expected_s < policy.SHORT_S)
        source, start, calls = block.source, block.start, block.stop - block.start
        group, away_s, depth = self.group, self._away_s, self._depth
        self.group = next(self._groups)
        self._away_s = 0.0
        self._depth = depth + 1
        started = now()
        try:
            cargo: Any = source.cargo  # opaque to the kernel
            if type(cargo) is tuple and type(source) is Loan:
                cargo = self._decode_cargo(source)
            if calls == 1 or type(cargo) is not MapCargo:
                values, failures = [cargo.call(start)], _NO_FAILURES
            else:
                values, failures = self._run_many(block, cargo, started)
        except BaseException as error:  # a call may raise anything; its owner gets just that
            values, failures = [None] * calls, dict.fromkeys(range(calls), error)
        ended = now()
        seconds = ended - started - self._away_s
        if not depth:
            self.tally.note_block(source.key, seconds)
        self._depth = depth
        self.group = group
        self._away_s += away_s
        self._report(block, values, failures, ended, seconds)

    def _look_between_calls(self, moment: float) -> None:
        """Now and then look for messages that rang nobody, such as outcomes. The lock is held."""
        if moment > self._looked + settings.TICK_S:
            self._looked = moment
            self.pump()

    def _report(
        self,
        block: Block,
        values: list[Any],
        failures: dict[int, BaseException],
        ended: float,
        seconds: float,
    ) -> None:
        """Hand over what became of a block."""
        source, calls = block.source, block.stop - block.start
        payload: outcomes.Payload = values
        failed = False
        interrupted = self.interrupted and _has_interrupt(failures)
        if failures or calls > 1 or type(values[0]) not in ATOMS:
            where = self.where if type(source) is Loan else None
            payload, failed = outcomes.encode_outcomes(values, failures, where)
        with self.lock:
            actions = self.worker.finished(block, payload, ended, failed=failed, seconds=seconds)
            if actions:
                self.perform(actions)
            self._look_between_calls(ended)
            if interrupted and type(source) is Task:
                self.worker.look_at(source)  # it is told already, by whoever interrupted it
        if interrupted:
            self.interrupted = self._depth > 0
            raise KeyboardInterrupt

    def _run_many(
        self, block: Block, cargo: MapCargo, started: float
    ) -> tuple[list[Any], dict[int, BaseException]]:
        """Make the calls of a block of a map; fewer, if it is cut meanwhile."""
        start = block.start
        function = cargo.load()
        running = Running(block, *cargo.rows(start, block.stop), started)
        self._running.append(running)
        try:
            running.run(function)
        finally:
            with self.lock:
                self._running.remove(running)
                if start + len(running.values) < block.stop:
                    self.perform(self.worker.cut(block, start + len(running.values)))
        return running.values, running.failures

    def _cut_long_blocks(self, moment: float) -> None:
        """Free what waits behind a call that turned out long. The lock is held."""
        for running in self._running:
            if moment - running.started > policy.PATIENCE_S:
                keep = running.cut()
                if keep is not None:
                    block = running.block
                    self.perform(self.worker.cut(block, block.start + keep))

    def _decode_cargo(self, loan: Loan) -> Cargo | InitializerCargo:
        """Return what to call of a loan, on this thread, when it is first needed."""
        function, data = loan.cargo
        if function is None:
            from scoop_mpi._runtime.everywhere import InitializerCargo  # noqa: PLC0415  rare

            return InitializerCargo(data, loan.key)
        loan.cargo = cargo = received_cargo(function, data, loan.origin)
        if isinstance(cargo, MapCargo) and not function.shared:
            copy = cargo.copy  # of a stream: all its tasks call one copy
            name = (loan.owner, loan.serial if copy is None else -copy)  # type: ignore[operator]
            cargo.loaded = self._loaded.pop(name, None) or function.load()
            self._loaded[name] = cargo.loaded
            if len(self._loaded) > settings.CALLABLES:
                self._loaded.popitem(last=False)
        return cargo
