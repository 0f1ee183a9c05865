"""What must hold in the virtual cluster, after each event and at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoop_mpi._kernel import policy
from scoop_mpi.testing.operations import Cancelled, Outcome

if TYPE_CHECKING:
    from scoop_mpi._kernel.wait import Wait
    from scoop_mpi.testing.cluster import Cluster
    from scoop_mpi.testing.rank import Rank


class Watch:
    """What the checks remember between events: which ranks could lend, and which rest."""

    def __init__(self) -> None:
        self.lendable: set[int] = set()
        self.resting: set[int] = set()


def after_event(cluster: Cluster, rank: Rank) -> None:
    """Validate the machines of a rank, and look for hunger beside plenty."""
    rank.worker.validate()
    if rank.broker is not None:
        rank.broker.validate()
    watch = cluster.watch
    note(watch.lendable, rank.number, belongs=rank.worker.lendable)
    note(watch.resting, rank.number, belongs=rank.resting)
    if cluster.network.in_flight == 0 and not cluster.undeclared:
        quiescence(cluster)


def forget(cluster: Cluster, number: int) -> None:
    """Look at a dead rank no more."""
    cluster.watch.lendable.discard(number)
    cluster.watch.resting.discard(number)


def note(ranks: set[int], number: int, *, belongs: bool) -> None:
    """Add a rank to a set or remove it."""
    if belongs:
        ranks.add(number)
    else:
        ranks.discard(number)


def quiescence(cluster: Cluster) -> None:
    """With no message in flight, nobody starves, and the broker knows who is hungry.

    A rank that has work and has not confirmed it yet counts as a message in flight.

    1. No rank hungers while another could lend; one that has not yet told of its surplus, and
       whose tick will, is excused (a tick that then does not is an error of its own).
    2. The broker and the borrowers agree on whose request stands.
    3. A rank that rests has nothing to run, and hungers if it may.
    """
    broker = cluster.ranks[0].broker
    assert broker is not None
    hungry = broker.hungry
    if any(cluster.ranks[number].worker.unconfirmed for number in hungry):
        return
    for number in cluster.watch.lendable if hungry else ():
        worker = cluster.ranks[number].worker
        served = {other for other in hungry - {number} if worker.can_lend_to(other)}
        if cluster.ranks[number].tick_due() > 0.0 and served:
            raise AssertionError(
                f"ranks {sorted(hungry)} hunger while rank {number} has calls to lend\n{cluster}"
            )
    for number in hungry:
        assert cluster.ranks[number].hungry, f"rank {number} does not hunger\n{cluster}"
    for number in cluster.watch.resting:
        rank = cluster.ranks[number]
        if rank.offering:
            continue
        assert not rank.worker.has_work, f"rank {number} rests beside its work\n{cluster}"
        assert number in hungry or not may_borrow(rank), f"rank {number} lies idle\n{cluster}"


def may_borrow(rank: Rank) -> bool:
    """Return whether this rank takes foreign work."""
    worker = rank.worker
    if worker.ranks == 1 or rank.dead or worker.full:
        return False
    return rank.broker is None or policy.root_may_run(worker.ranks, None)


def after_wait(wait: Wait, needed: int, *, on_failure: bool) -> None:
    """A wait is over when enough has arrived, or a failure that it looks for: not later."""
    failed = any(entry[1] for task in wait.arrived for entry in task.arrived.values())
    enough = len(wait.arrived) >= needed or (on_failure and failed)
    assert wait.satisfied == enough, f"{needed} needed, arrived {list(wait.arrived)}"


def at_end(cluster: Cluster) -> None:
    """Nothing is left, and each call ran once and came back once.

    After deaths: what the living made came back once, and ran again no more often than ranks died.
    """
    living = [rank for rank in cluster.ranks if not rank.dead]
    for rank in living:
        rank.worker.validate()
        assert rank.worker.idle, f"left over: {rank}\n{cluster}"
        assert not rank.strands and not rank.verdicts, f"still parked: {rank}\n{cluster}"
        assert rank.worker.parked == 0 and not rank.worker.unconfirmed, rank
    root = cluster.ranks[0].worker.constants
    for rank in living:
        known = rank.worker.constants
        assert known.number == root.number, f"{rank} lacks constants\n{cluster}"
        assert known.standing == root.standing, rank
    assert cluster.network.in_flight == 0, "a message was never handled"
    assert cluster.network.foreign_cargo == 0, "data passed through rank 0"
    for owner, handle in cluster.runner.handles:
        if cluster.ranks[owner].dead:
            continue
        taken = bytearray(handle.taken)
        cancelled = handle.outcome is not None and isinstance(handle.outcome.error, Cancelled)
        for start, (stop, _, payload) in handle.task.arrived.items():
            if isinstance(payload, Outcome):
                cancelled = cancelled or isinstance(payload.error, Cancelled)
            for index in range(start, stop):
                taken[index] += 1
        ran = cluster.runner.ran[owner, handle.task.serial]
        once = bytes([1]) * handle.task.calls
        assert taken == once, f"outcomes of {handle.task} of rank {owner}: {list(taken)}"
        if cancelled:
            assert ran == b"\0", f"{handle.task} of rank {owner} was cancelled and ran"
        elif cluster.deaths:
            most = 1 + cluster.deaths
            assert max(ran, default=0) <= most, f"runs of {handle.task}: {list(ran)}"
        else:
            assert ran == once, f"runs of {handle.task} of rank {owner}: {list(ran)}"
        assert not handle.task.waits, f"{handle.task} of rank {owner} is still watched"
