"""Carries out a random plan on the virtual cluster, as root or as a task.

What chance of the schedule decides (whether a cancel came in time, which call was first) never
enters the value of a call: there the program compares on the spot, and raises `Wrong`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from scoop_mpi.testing import operations as op
from scoop_mpi.testing.operations import Handle, Outcome
from scoop_mpi.testing.plans import (
    Boom,
    Branch,
    Define,
    Leaf,
    Leaves,
    Plan,
    Raise,
    Read,
    Singles,
    Work,
    Wrong,
)
from scoop_mpi.testing.reference import expected, fold, same

Steps = Generator[Any, Any, Any]


def run_plan(plan: Plan) -> Steps:
    """Carry out a plan: the function of every task that is not a leaf."""
    total = plan.ident
    late: list[Handle] = []
    for step in plan.steps:
        if isinstance(step, Work):
            yield op.Compute(step.seconds)
        elif isinstance(step, Raise):
            raise Boom(plan.ident)
        elif isinstance(step, Leaves):
            leaf = Leaf(step.seconds, step.fails)
            handle = yield op.Map(leaf, range(step.calls))
            total = yield from take_map(handle, step.how, total, late)
        elif isinstance(step, Branch):
            handle = yield op.Map(run_plan, step.plans)
            total = yield from take_map(handle, step.how, total, late)
        elif isinstance(step, Singles):
            total = yield from take_singles(step, total)
        elif isinstance(step, Define):
            yield from define(step)
        elif isinstance(step, Read):
            found = yield op.GetConst(step.name)
            if found != step.value:
                raise Wrong(f"constant {step.name} is {found}")
            total = fold(total, Outcome(found))
    for handle in late:
        total = yield from take_map(handle, "in order", total, late)
    return total


def take_map(handle: Handle, how: str, total: int, late: list[Handle]) -> Steps:
    """Take the outcomes of a map in one of the `MAP_WAYS`; return the new total."""
    calls = handle.task.calls
    if how == "at the end":
        late.append(handle)
    elif how == "strict":
        for value in (yield op.Gather(handle)):
            total = fold(total, Outcome(value))
    elif how == "any order":
        outcomes = {}
        for _ in range(calls):
            index, outcome = yield op.TakeAny(handle)
            outcomes[index] = outcome
        if sorted(outcomes) != list(range(calls)):
            raise Wrong(f"calls {sorted(outcomes)} of {calls} came")
        for index in range(calls):
            total = fold(total, outcomes[index])
    elif how != "never":
        for _ in range(calls if how == "in order" else calls // 2):
            total = fold(total, (yield op.Take(handle)))
    return total


def take_singles(step: Singles, total: int) -> Steps:
    """Submit single calls and take them in one of the `SUBMIT_WAYS`; return the new total."""
    handles = []
    for plan in step.plans:
        handles.append((yield op.Submit(run_plan, plan)))  # noqa: PERF401  it yields
    if step.how == "never":
        return total
    if step.how == "cancel":
        yield from cancel_some(step.plans, handles)
        return total
    if step.how in ("all", "first", "first exception"):
        yield from check_wait(handles, step)
    for handle in handles:
        total = fold(total, (yield from outcome_of(handle, step.timeout)))
    return total


def outcome_of(handle: Handle, timeout: float | None = None) -> Steps:
    """Return the outcome of a single call, however often the wait for it expires."""
    while True:
        try:
            return Outcome((yield op.Result(handle, timeout)))
        except TimeoutError:
            timeout = None
        except (Boom, op.Cancelled) as error:
            return Outcome(None, error)


def cancel_some(plans: tuple[Plan, ...], handles: list[Handle]) -> Steps:
    """Cancel every other call: it is cancelled, or comes to what it should."""
    cancelled = {}
    for handle in handles[::2]:
        cancelled[handle] = yield op.Cancel(handle)
    for plan, handle in zip(plans, handles, strict=True):
        outcome = yield from outcome_of(handle)
        if cancelled.get(handle):
            if not isinstance(outcome.error, op.Cancelled):
                raise Wrong(f"a cancelled call came to {outcome}")
        elif not same(outcome, expected(plan)):
            raise Wrong(f"a call came to {outcome}")


def check_wait(handles: list[Handle], step: Singles) -> Steps:
    """Wait, and see that the wait did not end early."""
    begun = yield op.Now()
    done, pending = yield op.WaitFor(handles, step.how, step.timeout)
    ended = yield op.Now()
    if len(done) + len(pending) != len(handles):
        raise Wrong("wait lost a call")
    enough = not pending or (step.how == "first" and done)
    if step.how == "first exception" and not enough:
        for handle in done:
            outcome = yield from outcome_of(handle)
            enough = enough or outcome.error is not None
    if not enough and (step.timeout is None or ended - begun < step.timeout - 1e-9):
        raise Wrong(f"wait for {step.how} ended early")


def define(step: Define) -> Steps:
    """Make a constant, and perhaps fail to make it again."""
    yield op.SetConst(step.name, step.value)
    if not step.twice:
        return
    try:
        yield op.SetConst(step.name, 0)
    except op.NameTaken:
        return
    raise Wrong(f"constant {step.name} was made twice")
