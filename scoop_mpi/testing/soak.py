"""Many random programs on many random clusters: `python -m scoop_mpi.testing.soak --seeds 1000`.

Each seed makes a program, a number of ranks, costs and a schedule. After every event the machines
validate themselves; at the end each call has run once, its outcome has come once, nothing is left,
and the program's value is that of the serial reference. A seed that fails prints the command that
replays it; with `--trace` the replay prints its story.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from scoop_mpi._kernel.broker import Broker
from scoop_mpi._kernel.task import Task
from scoop_mpi._kernel.worker import Worker
from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.costs import Costs
from scoop_mpi.testing.plans import random_plan
from scoop_mpi.testing.programs import run_plan
from scoop_mpi.testing.reference import expected, same
from scoop_mpi.testing.story import Story

EVENTS = 400_000
"""A random program that takes more events than this makes no progress."""


class Eager(Worker):
    """A Worker that runs none of its own tasks: all calls are run by other ranks."""

    def __init__(self, rank: int, ranks: int) -> None:
        super().__init__(rank, ranks)
        self.picks = True

    def _may_run(self, task: Task) -> bool:
        return False


class Scene(NamedTuple):
    """What a seed decides beside the program."""

    ranks: int
    costs: Costs
    worker: Callable[[int, int], Worker]
    nodes: list[int]
    """The node of each rank."""


class Result(NamedTuple):
    """What a seed came to: how many calls it made, or why it failed."""

    seed: int
    ranks: int
    calls: int
    events: int
    failure: BaseException | None


def scene(rng: Random, fewest: int, most: int) -> Scene:
    """Draw ranks (small numbers more often), costs, and who may run what."""
    ranks = min(most, int(fewest * (most / fewest + 0.999) ** rng.random()))
    costs = Costs(
        latency_s=rng.choice((1e-6, 20e-6, 200e-6, 5e-3)),
        jitter=rng.choice((0.0, 1.0, 10.0, 100.0)),
        slow_share=rng.choice((0.0, 0.0, 0.1, 0.5)),
        message_s=rng.choice((0.0, 10e-6, 100e-6)),
        tick_s=rng.choice((1e-3, 1e-3, 10e-3)),
        start_s=rng.choice((0.0, 1e-3, 50e-3)),
    )
    everything_remote = ranks > 1 and rng.random() < 0.1
    nodes = Random(f"{ranks} {costs.latency_s}")
    return Scene(ranks, costs, Eager if everything_remote else Worker, draw_nodes(nodes, ranks))


def draw_nodes(rng: Random, ranks: int) -> list[int]:
    """Draw on which nodes the ranks are: one, a few, as many as ranks; in order, or dealt out."""
    number = rng.choice((1, 2, 3, max(1, ranks // 2), ranks))
    if rng.random() < 0.7:
        return [rank * number // ranks for rank in range(ranks)]
    return [rng.randrange(number) for _ in range(ranks)]


def play(
    seed: int,
    fewest: int = 1,
    most: int = 64,
    *,
    story: Story | None = None,
) -> Result:
    """Run one seed and return what it came to."""
    rng = Random(seed)
    drawn = scene(rng, fewest, most)
    plan = random_plan(rng)
    cluster = Cluster(
        drawn.ranks,
        seed=seed,
        costs=drawn.costs,
        check=True,
        story=story,
        most_events=EVENTS,
        worker=drawn.worker,
        broker=Broker,
        nodes=drawn.nodes,
    )
    failure: BaseException | None = None
    try:
        outcome, wanted = cluster.outcome_of(run_plan, plan), expected(plan)
        assert same(outcome, wanted), f"the program came to {outcome}, not {wanted}"
    except Exception as error:  # whatever goes wrong is this seed's result
        failure = error
    calls = sum(handle.task.calls for _, handle in cluster.runner.handles)
    return Result(seed, drawn.ranks, calls, cluster.events, failure)


def soak(seeds: range, fewest: int = 1, most: int = 64) -> Iterator[Result]:
    """Run seeds, one after the other."""
    for seed in seeds:
        yield play(seed, fewest, most)


def replay_command(seed: int, fewest: int, most: int) -> str:
    """Return the command that runs a seed again and prints its story."""
    return f"python -m scoop_mpi.testing.soak --seed {seed} --ranks {fewest}-{most} --trace"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m scoop_mpi.testing.soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="run this seed alone")
    parser.add_argument("--ranks", default="1-64", help="fewest and most ranks, as 1-64")
    parser.add_argument("--trace", action="store_true", help="print the story of each seed")
    parser.add_argument("--stop-after-s", type=float, default=float("inf"), metavar="S")
    options = parser.parse_args(arguments)
    fewest, _, most = options.ranks.partition("-")
    bounds = int(fewest), int(most or fewest)
    seeds = range(options.first, options.first + options.seeds)
    if options.seed is not None:
        seeds = range(options.seed, options.seed + 1)
    begun = time.monotonic()
    failed = run = calls = events = 0
    for seed in seeds:
        story = Story() if options.trace else None
        result = play(seed, *bounds, story=story)
        run += 1
        calls += result.calls
        events += result.events
        if story is not None:
            print(story)
        if result.failure is not None:
            failed += 1
            print(f"seed {seed} ({result.ranks} ranks): {type(result.failure).__name__}: ", end="")
            print(f"{result.failure}\n  replay: {replay_command(seed, *bounds)}", flush=True)
            if options.seed is not None:
                traceback.print_exception(result.failure)
        if time.monotonic() - begun > options.stop_after_s:
            break
    print(f"{run} seeds, {calls} calls, {events} events: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
