"""How busy the ranks are: `python -m scoop_mpi.testing.utilisation --ranks 1024 --call-s 0.1`.

Rank 0 pushes one map and waits for it in order; ramp-up and tail count. With `--shape nested` each
call of the map makes a map of its own; with `--shape tree` calls make maps of calls that make maps,
irregular in number and depth. The costs that stand behind the figures are printed with
them.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Generator
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

from scoop_mpi._kernel.protocol import TO_BROKER
from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.costs import Costs
from scoop_mpi.testing.operations import Compute, Map, Plain, Program, Take

TO_BROKER_NAMES = frozenset(kind.__name__ for kind in TO_BROKER)


class Steady(Plain):
    """A call that takes its time, always the same, and gives nothing."""

    key = "steady"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def seconds(self, *args: Any) -> float:
        """Return the time that each call takes."""
        return self._seconds

    def __call__(self, *args: Any) -> None:
        """Do nothing more."""


class Figures(NamedTuple):
    """What a run showed."""

    ranks: int
    call_s: float
    busy_share: float
    """User code's share of all ranks' time, from the start to the end of the root program."""
    ended_s: float
    messages: int
    """Messages between ranks."""
    root_messages_per_s: float
    """Those that rank 0 sends or gets."""
    broker_messages_per_s: float
    """Those that are for the broker."""
    root_overhead_share: float
    """The share of rank 0's time that went into messages and the kernel."""
    lends: int
    events: int

    def __str__(self) -> str:
        return (
            f"{self.ranks:6} ranks x {1e3 * self.call_s:g} ms: busy {self.busy_share:.3f}, "
            f"ended {self.ended_s:.2f} s, {self.messages} messages, "
            f"rank 0 {self.root_messages_per_s:.0f}/s, broker {self.broker_messages_per_s:.0f}/s, "
            f"rank 0 overhead {self.root_overhead_share:.3f}, "
            f"{self.lends} lends, {self.events} events"
        )


def flat(calls: int, call_s: float) -> Generator[Any, Any, None]:
    """Map over `calls` calls and take them in order."""
    handle = yield Map(Steady(call_s), range(calls))
    for _ in range(calls):
        yield Take(handle)


def nested(calls: int, call_s: float) -> Generator[Any, Any, None]:
    """Map over calls that each map over 20."""
    handle = yield Map(twenty, [call_s] * (calls // 20))
    for _ in range(calls // 20):
        yield Take(handle)


def twenty(call_s: float) -> Generator[Any, Any, None]:
    """Map over 20 calls."""
    yield from flat(20, call_s)


def tree(calls: int, call_s: float) -> Generator[Any, Any, None]:
    """Run the leaves of one irregular tree."""
    yield from branch((calls, call_s, 1))


def branch(item: tuple[int, float, int]) -> Generator[Any, Any, None]:
    """Share out the leaves of a branch among 2 to 16 twigs at random; a leaf takes its time."""
    leaves, call_s, seed = item
    if leaves == 1:
        yield Compute(call_s)
        return
    rng = Random(seed)
    twigs = min(leaves, rng.randint(2, 16))
    ends = [0, *sorted(rng.sample(range(1, leaves), twigs - 1)), leaves]
    sizes = [stop - start for start, stop in pairwise(ends)]
    handle = yield Map(branch, [(size, call_s, rng.getrandbits(32)) for size in sizes])
    for _ in sizes:
        yield Take(handle)


SHAPES: dict[str, Program] = {"flat": flat, "nested": nested, "tree": tree}


def measure(
    ranks: int,
    calls_per_rank: int,
    call_s: float,
    *,
    shape: str = "flat",
    costs: Costs | None = None,
    seed: int = 0,
) -> Figures:
    """Run one map of `calls_per_rank` calls for each rank, and return the figures."""
    cluster = Cluster(ranks, seed=seed, costs=costs)
    cluster.run(SHAPES[shape], ranks * calls_per_rank, call_s)
    network, ended_s = cluster.network, cluster.ended_at
    to_broker = sum(network.kinds[name] for name in TO_BROKER_NAMES)
    return Figures(
        ranks,
        call_s,
        cluster.busy_share,
        ended_s,
        sum(network.kinds.values()),
        network.at_rank_0 / ended_s,
        to_broker / ended_s,
        cluster.ranks[0].overhead_s / ended_s,
        network.kinds["Lend"],
        cluster.events,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m scoop_mpi.testing.utilisation", description=__doc__
    )
    parser.add_argument("--ranks", type=int, nargs="+", default=[64, 1024])
    parser.add_argument("--calls-per-rank", type=int, default=100)
    parser.add_argument("--call-s", type=float, nargs="+", default=[0.01, 0.1])
    parser.add_argument("--shape", choices=SHAPES, default="flat")
    for name, value in Costs()._asdict().items():
        parser.add_argument("--" + name.replace("_", "-"), type=float, default=value)
    options = parser.parse_args(arguments)
    costs = Costs(*(getattr(options, name) for name in Costs._fields))
    print(f"costs: {costs}")
    gc.disable()  # nothing here is garbage before the end of its run
    for ranks in options.ranks:
        for call_s in options.call_s:
            print(
                measure(ranks, options.calls_per_rank, call_s, shape=options.shape, costs=costs),
                flush=True,
            )
            gc.collect()
    return 0


if __name__ == "__main__":
    sys.exit(main())
