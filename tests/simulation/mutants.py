"""Small wrongs done to the kernel, each of which the soak must notice.

A mutant is a piece of a kernel module's text and what stands in its place. The module is executed
from the changed text, and so are those whose classes are built on its own; the class is put where
the virtual cluster takes it from.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import types
from collections.abc import Iterator
from typing import Any, NamedTuple
from unittest import mock

from scoop_mpi._kernel import lender, task
from scoop_mpi.testing import cluster, faults, rank, runner, soak

PLACES: dict[str, tuple[tuple[Any, str], ...]] = {
    "worker": ((soak, "Worker"),),
    "broker": ((soak, "Broker"), (faults, "Broker")),
    "spans": ((task, "Spans"),),
    "wait": ((runner, "Wait"),),
    "constants": ((rank, "Registry"), (lender, "Store")),
    "tree": ((cluster, "Tree"),),
}
"""Module of the kernel -> where its class is used."""

FLOORS = {"owner": "Owner", "lender": "Lender", "recovery": "Recovery", "worker": "Worker"}
"""The modules that the class of a rank's worker is written in, each built on the one before."""


class Mutant(NamedTuple):
    """A wrong: in this module, instead of this text, that one."""

    name: str
    module: str
    before: str
    after: str


MUTANTS = (
    Mutant(
        "a refusal is dropped",
        "lender",
        "return [Send(BROKER, Refuse(message.borrower, message.request))]",
        "return []",
    ),
    Mutant(
        "hunger is skipped",
        "worker",
        "return [Send(BROKER, Hungry(self._request))]",
        "return [Send(BROKER, Hungry(self._request))] if self._request % 3 else []",
    ),
    Mutant(
        "hunger is not told again after the first loan",
        "worker",
        "            self._requesting = False\n            self.unconfirmed = message",
        "            self.unconfirmed = message",
    ),
    Mutant(
        "a lend books one call too few",
        "lender",
        "Lease(borrower, start, stop)",
        "Lease(borrower, start, stop - 1)",
    ),
    Mutant(
        "a lend sends one call too few",
        "lender",
        "self._leases, start, stop, task.key",
        "self._leases, start, max(start + 1, stop - 1), task.key",
    ),
    Mutant(
        "a lend sends one call too many",
        "lender",
        "self._leases, start, stop, task.key, seconds, cargo)",
        "self._leases, max(0, start - 1), stop, task.key, seconds, "
        "task.cargo.cut(max(0, start - 1), stop))",
    ),
    Mutant(
        "a confirmation is lost",
        "worker",
        "return [Send(BROKER, Fed(confirmed))]",
        "return []",
    ),
    Mutant(
        "a served request is taken for a standing one",
        "worker",
        "        self.unconfirmed = message.request",
        "        self.unconfirmed = 0",
    ),
    Mutant(
        "what is given back is lost on its way",
        "worker",
        "actions.append(Send(loan.owner, GiveBack(loan.serial, loan.lease, start, stop)))",
        "pass",
    ),
    Mutant(
        "what is given back is lost on arrival",
        "lender",
        "        task.unstarted.add(message.start, message.stop)\n",
        "",
    ),
    Mutant(
        "what is given back is not made ready",
        "owner",
        "        self._ready[task.serial] = task\n        self._ready.move_to_end",
        "        task.serial in self._ready and self._ready.move_to_end",
    ),
    Mutant(
        "surplus that came back is not told",
        "lender",
        "            self.abandon(task)\n        return self._tell_surplus()",
        "            self.abandon(task)\n        self.told_surplus = True\n        return []",
    ),
    Mutant(
        "borrowers give nothing back",
        "worker",
        "            actions += self._give_back()",
        "            pass",
    ),
    Mutant(
        "what is cut out of a block is lost",
        "worker",
        "        source.unstarted.add(stop, block.stop)\n",
        "",
    ),
    Mutant(
        "a cut block of a borrower is forgotten",
        "worker",
        "            self._loans.append(source)\n",
        "            pass\n",
    ),
    Mutant(
        "an outcome counts twice",
        "owner",
        "        task.done += stop - start\n",
        "        task.done += 2 * (stop - start)\n",
    ),
    Mutant(
        "an outcome is sent for the wrong calls",
        "worker",
        "block.start,\n                block.stop,\n                failed,",
        "block.start + 1,\n                block.stop + 1,\n                failed,",
    ),
    Mutant(
        "outcomes are kept at home",
        "worker",
        "            actions += self._flush()\n        if self._doubtful and",
        "            pass\n        if self._doubtful and",
    ),
    Mutant(
        "outcomes are flushed to one owner only",
        "worker",
        "for owner, done in outbox.items()]",
        "for owner, done in list(outbox.items())[:1]]",
    ),
    Mutant(
        "told surplus is never reset",
        "lender",
        "            self.told_surplus = False\n",
        "",
    ),
    Mutant(
        "the tick does not tell of surplus",
        "worker",
        "        actions = self._tell_surplus()\n        if self.unconfirmed",
        "        actions: Actions = []\n        if self.unconfirmed",
    ),
    Mutant(
        "a caller is not resumed",
        "owner",
        "                    actions.append(Resume(wait))",
        "                    pass",
    ),
    Mutant(
        "a loan does not wait for its constants",
        "worker",
        "            if message.constants > self.constants.number:",
        "            if False:",
    ),
    Mutant(
        "what waited for constants is forgotten",
        "worker",
        "held, self._held = self._held, []",
        "held, self._held = [], []",
    ),
    Mutant(
        "a cancelled call stays ready",
        "owner",
        "        self._ready.pop(task.serial, None)\n",
        "",
    ),
    Mutant(
        "a started call is cancelled",
        "owner",
        "        if not task.unstarted.count:\n            return False, []\n"
        "        start, stop = task.unstarted.take_front(task.calls)",
        "        if task.finished:\n            return False, []\n        start, stop = 0, 1",
    ),
    Mutant(
        "pieces overlap",
        "spans",
        "            self._runs[-1] = (start, cut)",
        "            self._runs[-1] = (start, cut + 1)",
    ),
    Mutant(
        "a claim leaves its call behind",
        "spans",
        "((start, index), (cut, stop))",
        "((start, index), (index, stop))",
    ),
    Mutant(
        "runs that touch are not merged",
        "spans",
        "if position and runs[position - 1][1] == start:",
        "if False:",
    ),
    Mutant(
        "a wait goes unnoticed",
        "wait",
        "        return before > 0 >= self.needed",
        "        return before > 1 >= self.needed",
    ),
    Mutant(
        "a failure does not end a wait for it",
        "wait",
        "0 if failed and self.stop_on_failure else before - 1",
        "before - 1",
    ),
    Mutant(
        "one arrival satisfies a wait for all",
        "wait",
        "0 if failed and self.stop_on_failure else before - 1",
        "0",
    ),
    Mutant(
        "the broker forgets a refused borrower",
        "broker",
        "                self._unasked[message.borrower] = None\n",
        "",
    ),
    Mutant(
        "the broker asks a refuser again",
        "broker",
        "            self._full.discard(sender)\n            self._lenders.pop(sender, None)\n",
        "",
    ),
    Mutant(
        "the broker does not hear of surplus",
        "broker",
        "            self._full.add(sender)\n            self._look_at(sender)",
        "            pass",
    ),
    Mutant(
        "the broker asks a borrower for its own work",
        "broker",
        "            if lender != borrower:",
        "            if True:",
    ),
    Mutant(
        "the broker asks two lenders at once",
        "broker",
        "                del self._unasked[borrower]\n",
        "",
    ),
    Mutant(
        "the broker does not notice that a lender has answered",
        "broker",
        "        self._unanswered[lender] -= 1\n",
        "",
    ),
    Mutant(
        "a lender whose window was full stays forgotten",
        "broker",
        "            self._lenders[lender] = None\n",
        "            pass\n",
    ),
    Mutant(
        "a name is taken by two",
        "constants",
        "            if number is None or number == forgotten.get(name):",
        "            if True:",
    ),
    Mutant(
        "a node is told nothing",
        "tree",
        "                leaders.append(living[0])\n",
        "                leaders += living[:1] if other != 1 else []\n",
    ),
    Mutant(
        "news are not passed on",
        "constants",
        "        for name in message.gone:\n            self._drop(name)\n        return [",
        "        if self._rank:\n            return []\n        return [",
    ),
)


RECOVERY = (
    Mutant(
        "what a lost rank held is not lent again",
        "recovery",
        "        self._doubt(task, index, now)\n        return []\n",
        "        return []\n",
    ),
    Mutant(
        "half of what a lost rank held is not lent again",
        "recovery",
        "                    for index in range(start, stop):\n",
        "                    for index in range(start, stop, 2):\n",
    ),
    Mutant(
        "the lease of a lost rank is kept",
        "recovery",
        "[task.leases.pop(number) for number in leases]",
        "[task.leases[number] for number in leases]",
    ),
    Mutant(
        "calls of a lost owner are kept",
        "worker",
        "        self._drop_loans_of(rank)\n",
        "",
    ),
    Mutant(
        "calls of a lost owner are dropped with those that run",
        "worker",
        "            if not loan.running:\n                self._borrowed -= 1\n\n    # --- for",
        "            self._borrowed -= 1\n\n    # --- for",
    ),
    Mutant(
        "the last rank does not run what is in doubt",
        "recovery",
        "            actions += self._take_doubtful_back(why)\n",
        "            pass\n",
    ),
    Mutant(
        "the last rank gives up what was lost once",
        "recovery",
        "if self.rank == BROKER and task.losses[index] > 1:",
        "if self.rank == BROKER and task.losses[index] > 0:",
    ),
    Mutant(
        "nobody hears of what is in doubt",
        "owner",
        "        if self.told_surplus or not (self._ready or self._doubtful) or self.ranks == 1:",
        "        if self.told_surplus or not self._ready or self.ranks == 1:",
    ),
    Mutant(
        "a doubtful call that was given back is forgotten",
        "lender",
        "                    self._doubt(task, index, now)\n        if fresh",
        "                    pass\n        if fresh",
    ),
    Mutant(
        "the broker keeps a lost rank's hunger",
        "broker",
        "        self._requests.pop(rank, None)\n        self._unasked.pop(rank, None)\n        for",
        "        for",
    ),
    Mutant(
        "the broker waits for a lost lender",
        "broker",
        "            del self._asked[borrower]\n            self._unasked[borrower] = None\n",
        "            pass\n",
    ),
    Mutant(
        "the broker asks a lost lender",
        "broker",
        "        self._full.discard(rank)\n        self._lenders.pop(rank, None)\n        self._una",
        "        self._una",
    ),
    Mutant(
        "the broker does not match after a loss",
        "broker",
        "        self._windows.pop(rank, None)\n        return self._match()",
        "        self._windows.pop(rank, None)\n        return []",
    ),
    Mutant(
        "who tells others after a loss does not say so",
        "constants",
        "return [Send(to, Newest(self.number)) for to in self._below() if to not in before]",
        "return []",
    ),
    Mutant(
        "a rank that was told of a loss asks for nothing",
        "constants",
        "[Send(sender, Behind(self.number))] if message.number > self.number else []",
        "[]",
    ),
    Mutant(
        "what was missed is not passed on",
        "constants",
        "return [Send(rank, message) for rank in self._below()]\n\n    def compare",
        "return []\n\n    def compare",
    ),
    Mutant(
        "a constant that was made by a lost call cannot be made again",
        "constants",
        "            if not self._made_by_a_lost_call(name, value):\n",
        "            if True:\n",
    ),
    Mutant(
        "a constant may be made again by anybody",
        "constants",
        "(maker in self._lost or bool(known == value))",
        "True",
    ),
)
"""Wrongs done to what happens after a rank's loss, which the campaign of deaths must notice."""


@contextlib.contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    """Let the virtual cluster run with a mutant."""
    text = text_of(mutant.module)
    assert text.count(mutant.before) == 1, (
        f"the mutant «{mutant.name}» must be rewritten: its place in {mutant.module}.py has changed"
    )
    text = text.replace(mutant.before, mutant.after)
    with contextlib.ExitStack() as stack:
        module = mutant.module
        for floor in list(FLOORS)[list(FLOORS).index(module) : -1] if module in FLOORS else ():
            made = getattr(execute(floor, text, mutant.name), FLOORS[floor])
            beneath = importlib.import_module(f"scoop_mpi._kernel.{floor}")
            stack.enter_context(mock.patch.object(beneath, FLOORS[floor], made))
            module = list(FLOORS)[list(FLOORS).index(floor) + 1]
            text = text_of(module)
        changed = execute(module, text, mutant.name)
        for place, name in PLACES[module]:
            stack.enter_context(mock.patch.object(place, name, getattr(changed, name)))
        yield


def text_of(module: str) -> str:
    """Return the source of a module of the kernel."""
    return inspect.getsource(importlib.import_module(f"scoop_mpi._kernel.{module}"))


def execute(module: str, text: str, name: str) -> types.ModuleType:
    """Return a module of the kernel that was made from another text."""
    made = types.ModuleType(f"scoop_mpi._kernel.{module}")
    exec(compile(text, name, "exec"), made.__dict__)  # noqa: S102  the kernel's own text
    return made


def first_caught_by_deaths(mutant: Mutant, seeds: range) -> faults.Result | None:
    """Return the first run of the campaign of deaths that fails with a mutant, or None."""
    with mutated(mutant):
        for result in faults.campaign(seeds):
            if result.failure is not None:
                return result
    return None


def first_caught(mutant: Mutant, seeds: range, most_ranks: int) -> soak.Result | None:
    """Return the first seed that fails with a mutant, or None."""
    with mutated(mutant):
        for result in soak.soak(seeds, 1, most_ranks):
            if result.failure is not None:
                return result
    return None
