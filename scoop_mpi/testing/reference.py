"""What a plan must come to, serially and without any cluster."""

from __future__ import annotations

from scoop_mpi.testing.operations import Outcome
from scoop_mpi.testing.plans import (
    Boom,
    Branch,
    Leaf,
    Leaves,
    Plan,
    Raise,
    Read,
    Singles,
)

MODULUS = (1 << 61) - 1


def fold(total: int, outcome: Outcome) -> int:
    """Add an outcome to a call's value; the order matters."""
    if outcome.error is None:
        digest = 2 * int(outcome.value)
    elif isinstance(outcome.error, Boom):
        digest = 2 * int(outcome.error.args[0]) + 1
    else:
        raise outcome.error
    return (total * 1_000_003 + digest) % MODULUS


def same(one: Outcome, other: Outcome) -> bool:
    """Return whether two outcomes are alike."""
    return one.value == other.value and repr(one.error) == repr(other.error)


def expected(plan: Plan) -> Outcome:
    """Return what a plan must come to."""
    try:
        return Outcome(evaluate(plan))
    except Boom as boom:
        return Outcome(None, boom)


def evaluate(plan: Plan) -> int:
    """Carry out a plan serially: what `run_plan` does, without a cluster."""
    total = plan.ident
    late: list[list[Outcome]] = []
    for step in plan.steps:
        if isinstance(step, Raise):
            raise Boom(plan.ident)
        if isinstance(step, Read):
            total = fold(total, Outcome(step.value))
        elif isinstance(step, Leaves):
            leaf = Leaf(0.0, step.fails)
            outcomes = [leaf_outcome(leaf, number) for number in range(step.calls)]
            total = evaluate_map(outcomes, step.how, total, late)
        elif isinstance(step, Branch):
            outcomes = [expected(child) for child in step.plans]
            total = evaluate_map(outcomes, step.how, total, late)
        elif isinstance(step, Singles) and step.how not in ("cancel", "never"):
            for child in step.plans:
                total = fold(total, expected(child))
    for outcomes in late:
        for outcome in outcomes:
            total = fold(total, outcome)
    return total


def leaf_outcome(leaf: Leaf, number: int) -> Outcome:
    """Return what a leaf comes to."""
    try:
        return Outcome(leaf(number))
    except Boom as boom:
        return Outcome(None, boom)


def evaluate_map(outcomes: list[Outcome], how: str, total: int, late: list[list[Outcome]]) -> int:
    """Fold the outcomes of a map as `take_map` takes them."""
    if how == "at the end":
        late.append(outcomes)
        return total
    if how == "strict":
        for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
    if how == "half":
        outcomes = outcomes[: len(outcomes) // 2]
    if how != "never":
        for outcome in outcomes:
            total = fold(total, outcome)
    return total
