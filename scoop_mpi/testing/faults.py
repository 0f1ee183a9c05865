"""Many random programs whose ranks die: `python -m scoop_mpi.testing.faults --seeds 10000`.

Each seed makes a program, ranks, costs and a schedule, as for `soak`, and deaths: at random events,
several at once, during the start, of a rank that only seems dead and works on until it is told. At
the end the program has come to what it comes to serially, each call of a living rank has one
outcome, nothing is left, and no call ran more often than ranks died. With `--every N`, one rank
dies at every event of each of the first N programs in turn, and all of them are played.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from scoop_mpi._kernel.broker import Broker
from scoop_mpi._kernel.worker import Worker
from scoop_mpi.testing import soak
from scoop_mpi.testing.cluster import Cluster
from scoop_mpi.testing.plans import Plan, random_plan
from scoop_mpi.testing.programs import run_plan
from scoop_mpi.testing.reference import expected, same
from scoop_mpi.testing.story import Story

EVENTS = 1_000_000
"""A random program that takes more events than this makes no progress."""

UNLIMITED = 1_000_000
"""Retries that no campaign uses up: what is asked is that results are right."""


class Death(NamedTuple):
    """A rank dies before this event; or it is given up, and works on until it is told."""

    event: int
    rank: int
    seeming: bool = False


class Result(NamedTuple):
    """What a run came to: how many died, how many calls were lost, or why it failed."""

    seed: int
    ranks: int
    deaths: int
    lost: int
    events: int
    failure: BaseException | None


def draw_deaths(rng: Random, ranks: int, events: int) -> list[Death]:
    """Draw who dies and when: often one, sometimes many, one worker at least stays (if there are two).

    Args:
        events: How many the program takes, about.
    """
    workers = list(range(1, ranks))
    rng.shuffle(workers)
    most = max(1, len(workers) - 1)
    number = min(most, rng.choice((1, 1, 1, 2, 3, most)))
    together = rng.random() < 0.2
    early = rng.random() < 0.1
    last = min(events, 50) if early else events
    first = rng.randrange(last)
    return [
        Death(first if together else rng.randrange(last), rank, rng.random() < 0.2)
        for rank in workers[:number]
    ]


def play(
    seed: int,
    plan: Plan,
    drawn: soak.Scene,
    deaths: list[Death],
    *,
    story: Story | None = None,
) -> Result:
    """Run one program with these deaths."""

    def immortal(rank: int, ranks: int) -> Worker:
        worker = drawn.worker(rank, ranks)
        worker.retries = UNLIMITED
        return worker

    cluster = Cluster(
        drawn.ranks,
        seed=seed,
        costs=drawn.costs,
        check=True,
        story=story,
        most_events=EVENTS,
        worker=immortal,
        broker=Broker,
        mortal=True,
        nodes=drawn.nodes,
    )
    due: dict[int, list[Death]] = {}
    for death in deaths:
        due.setdefault(death.event, []).append(death)

    def before_event(number: int) -> None:
        for death in due.pop(number, ()):
            if death.seeming:
                cluster.give_up(death.rank)
            else:
                cluster.kill(death.rank)

    cluster.before_event = before_event
    failure: BaseException | None = None
    try:
        outcome, wanted = cluster.outcome_of(run_plan, plan), expected(plan)
        assert same(outcome, wanted), f"the program came to {outcome}, not {wanted}"
    except Exception as error:  # whatever goes wrong is this seed's result
        failure = error
    lost = sum(rank.worker.counts["lost"] for rank in cluster.ranks)
    return Result(seed, drawn.ranks, cluster.deaths, lost, cluster.events, failure)


def scene_of(seed: int, fewest: int, most: int) -> tuple[Random, soak.Scene, Plan, int]:
    """Return what a seed decides, and how many events its program takes without deaths."""
    rng = Random(seed)
    drawn = soak.scene(rng, max(2, fewest), most)
    plan = random_plan(rng)
    return rng, drawn, plan, play(seed, plan, drawn, []).events


def campaign(seeds: range, fewest: int = 2, most: int = 32) -> Iterator[Result]:
    """Run each seed with the deaths that it draws."""
    for seed in seeds:
        yield play_seed(seed, fewest, most)


def play_seed(seed: int, fewest: int, most: int, story: Story | None = None) -> Result:
    """Run one seed."""
    rng, drawn, plan, events = scene_of(seed, fewest, most)
    return play(seed, plan, drawn, draw_deaths(rng, drawn.ranks, events), story=story)


def at_every_event(seed: int, most_events: int, *, most_ranks: int = 4) -> Iterator[Result]:
    """Run a seed once for each of its events and workers, which dies there; no long programs."""
    _, drawn, plan, events = scene_of(seed, 2, most_ranks)
    if events > most_events:
        return
    for event in range(events):
        for rank in range(1, drawn.ranks):
            yield play(seed, plan, drawn, [Death(event, rank)])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m scoop_mpi.testing.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="run this seed alone")
    parser.add_argument("--ranks", default="2-32", help="fewest and most ranks, as 2-32")
    parser.add_argument("--trace", action="store_true", help="print the story of each seed")
    parser.add_argument("--every", type=int, default=0, metavar="N", help="see above")
    options = parser.parse_args(arguments)
    fewest, _, most = options.ranks.partition("-")
    bounds = int(fewest), int(most or fewest)
    seeds = range(options.first, options.first + options.seeds)
    if options.seed is not None:
        seeds = range(options.seed, options.seed + 1)
    total = Total()
    for seed in seeds:
        story = Story() if options.trace else None
        total.add(play_seed(seed, *bounds, story=story), lambda: replay_command(*bounds))
        if story is not None:
            print(story)
    for seed in range(options.every):
        for result in at_every_event(seed, 400):
            total.add(result, lambda: "--every")
    print(total)
    return 1 if total.failed else 0


class Total:
    """What many runs came to."""

    def __init__(self) -> None:
        self.runs: int = 0
        self.deaths: int = 0
        self.lost: int = 0
        self.failed: int = 0

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.deaths} ranks lost, {self.lost} calls lost: "
            f"{self.failed} failed"
        )

    def add(self, result: Result, replay: Callable[[], str]) -> None:
        """Count a run, and tell how to replay one that failed."""
        self.runs += 1
        self.deaths += result.deaths
        self.lost += result.lost
        if result.failure is not None:
            self.failed += 1
            what = f"{type(result.failure).__name__}: {result.failure}"
            print(f"seed {result.seed} ({result.ranks} ranks): {what}")
            print(f"  replay: {replay().format(seed=result.seed)}", flush=True)


def replay_command(fewest: int, most: int) -> str:
    """Return the command that runs a seed again and prints its story."""
    return f"python -m scoop_mpi.testing.faults --seed {{seed}} --ranks {fewest}-{most} --trace"


if __name__ == "__main__":
    sys.exit(main())
