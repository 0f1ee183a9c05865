"""Random programs as data: a `Plan` is a call, its steps are what the call does.

`programs` carries a plan out on the virtual cluster, `reference` says what it must come to.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from scoop_mpi.testing.operations import Plain


class Boom(Exception):  # noqa: N818  what random programs raise
    """The planned error of a call."""


class Wrong(Exception):  # noqa: N818  found by a random program
    """The cluster did something that it must not."""


class Plan(NamedTuple):
    """A call: what it does, one step after the other."""

    ident: int
    steps: tuple[Any, ...]


class Work(NamedTuple):
    """Compute."""

    seconds: float


class Leaves(NamedTuple):
    """Map a plain function over a range."""

    calls: int
    seconds: float
    fails: int
    """Every so many calls, one raises; 0 for none."""
    how: str
    """How the outcomes are taken: see `MAP_WAYS`."""


class Branch(NamedTuple):
    """Map `run_plan` over plans."""

    plans: tuple[Plan, ...]
    how: str


class Singles(NamedTuple):
    """Submit plans one by one."""

    plans: tuple[Plan, ...]
    how: str
    """See `SUBMIT_WAYS`."""
    timeout: float | None


class Define(NamedTuple):
    """Make a constant named after the call."""

    name: str
    value: int
    twice: bool
    """Whether to try again, which must be denied."""


class Read(NamedTuple):
    """Read a constant that an ancestor has made: it must be there."""

    name: str
    value: int


class Raise(NamedTuple):
    """Raise `Boom`."""


MAP_WAYS = ("in order", "strict", "any order", "half", "at the end", "never")
SUBMIT_WAYS = ("each", "all", "first", "first exception", "cancel", "never")


class Leaf(Plain):
    """What `Leaves` maps."""

    def __init__(self, seconds: float, fails: int) -> None:
        self._seconds = seconds
        self._fails = fails
        self.key: str = f"leaf {seconds:g}"

    def seconds(self, *args: int) -> float:
        """Return the planned time."""
        return self._seconds

    def __call__(self, *args: int) -> int:
        """Square, but for the planned failures."""
        (number,) = args
        if self._fails and number % self._fails == self._fails - 1:
            raise Boom(number)
        return number * number


# --- chance --------------------------------------------------------------------------------------

SECONDS = (0.0, 1e-6, 20e-6, 200e-6, 1e-3, 5e-3, 30e-3)


class Grower:
    """Grows a random plan of at most about `calls` calls."""

    def __init__(self, rng: Random, calls: int) -> None:
        self._rng = rng
        self._left = calls
        self._idents = 0
        self._fondness = rng.choice((0.02, 0.05, 0.3))
        """How fond this program is of constants."""

    def plan(self, depth: int = 0, known: tuple[Define, ...] = ()) -> Plan:
        """Return a plan; `known` are the constants that its ancestors made."""
        rng = self._rng
        self._idents += 1
        ident = self._idents
        steps: list[Any] = []
        for _ in range(rng.randint(1, 4) if depth < 4 else 1):
            if rng.random() < self._fondness:
                steps += self._relay()
            step = self._step(ident, depth, known)
            if isinstance(step, Define):
                if any(constant.name == step.name for constant in known):
                    continue
                known = (*known, step)
            steps.append(step)
            if isinstance(step, Define) and rng.random() < 0.7:
                steps.append(self._readers(step))
        if depth and rng.random() < 0.07:
            steps.append(Raise())
        return Plan(ident, tuple(steps))

    def _readers(self, constant: Define) -> Branch:
        """Return calls that read a constant which has only just been made."""
        read = Read(constant.name, constant.value)
        plans = []
        for _ in range(self._rng.randint(1, 4)):
            self._idents += 1
            plans.append(Plan(self._idents, (read, Work(self._rng.choice(SECONDS)))))
        return Branch(tuple(plans), "in order")

    def _relay(self) -> tuple[Singles, Read]:
        """Return a call that makes a constant, and its caller's reading it afterwards."""
        self._idents += 1
        constant = Define(f"made by {self._idents}", self._rng.randrange(1000), False)
        plan = Plan(self._idents, (constant,))
        return Singles((plan,), "each", None), Read(constant.name, constant.value)

    def _step(self, ident: int, depth: int, known: tuple[Define, ...]) -> Any:
        rng = self._rng
        kind = rng.random()
        if known and kind < 0.15:
            constant = rng.choice(known)
            return Read(constant.name, constant.value)
        if self._left <= 0 or kind < 0.3:
            return Work(rng.choice(SECONDS))
        if rng.random() < self._fondness:
            return Define(f"made by {ident}", rng.randrange(1000), rng.random() < 0.2)
        if kind < 0.55:
            count = min(self._left, int(rng.paretovariate(0.7)))
            self._left -= count
            fails = rng.choice((0, 0, 0, 1, 3, 10))
            return Leaves(count, rng.choice(SECONDS), fails, rng.choice(MAP_WAYS))
        count = min(self._left, rng.choice((0, 1, 2, 2, 3, 5, 9)))
        self._left -= count
        plans = tuple(self.plan(depth + 1, known) for _ in range(count))
        if kind < 0.77:
            return Branch(plans, rng.choice(MAP_WAYS))
        timeout = rng.choice((None, None, 0.0, 1e-4, 2e-3, 20e-3))
        return Singles(plans, rng.choice(SUBMIT_WAYS), timeout)


def random_plan(rng: Random, calls: int = 200) -> Plan:
    """Return a random program of at most about so many calls."""
    grower = Grower(rng, calls)
    plan = grower.plan()
    while grower._left > calls * 0.8 and rng.random() < 0.8:
        more = grower.plan()
        plan = Plan(plan.ident, plan.steps + more.steps)
    return plan
