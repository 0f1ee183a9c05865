"""What must hold in the virtual cluster, after each event and at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoop_mpi.testing.operations import Cancelled, Outcome

if TYPE_CHECKING:
    from scoop_mpi.testing.cluster import Cluster
    from scoop_mpi.testing.rank import Rank


def after_event(cluster: Cluster, rank: Rank) -> None:
    """Validate the machines of a rank, and look for hunger beside plenty."""
    rank.worker.validate()
    if rank.broker is not None:
        rank.broker.validate()
    if rank.worker.lendable:
        cluster.lendable.add(rank.number)
    else:
        cluster.lendable.discard(rank.number)
    if cluster.lendable and not cluster.network.in_flight:
        quiescence(cluster)


def quiescence(cluster: Cluster) -> None:
    """With no message in flight, no rank hungers while another could lend.

    A rank that has not yet told of its surplus, and whose tick will, is excused until then.
    """
    broker = cluster.ranks[0].broker
    assert broker is not None
    hungry = broker.hungry
    if not hungry:
        return
    for number in cluster.lendable:
        if cluster.ranks[number].tick_due() > 0.0 and hungry - {number}:
            raise AssertionError(
                f"ranks {sorted(hungry)} hunger while rank {number} has calls to lend\n{cluster}"
            )


def at_end(cluster: Cluster) -> None:
    """Nothing is left, and each call ran once and came back once."""
    for rank in cluster.ranks:
        rank.worker.validate()
        assert rank.worker.idle, f"left over: {rank}\n{cluster}"
        assert not rank.strands and not rank.verdicts, f"still parked: {rank}\n{cluster}"
        assert rank.worker.parked == 0, rank
    assert cluster.network.in_flight == 0, "a message was never handled"
    assert cluster.network.foreign_cargo == 0, "data passed through rank 0"
    for owner, handle in cluster.runner.handles:
        taken = bytearray(handle.taken)
        cancelled = handle.outcome is not None and isinstance(handle.outcome.error, Cancelled)
        for start, (stop, _, payload) in handle.task.arrived.items():
            cancelled = cancelled or isinstance(payload, Outcome)
            for index in range(start, stop):
                taken[index] += 1
        ran = cluster.runner.ran[owner, handle.task.serial]
        once = bytes([1]) * handle.task.calls
        assert taken == once, f"outcomes of {handle.task} of rank {owner}: {list(taken)}"
        if cancelled:
            assert ran == b"\0", f"{handle.task} of rank {owner} was cancelled and ran"
        else:
            assert ran == once, f"runs of {handle.task} of rank {owner}: {list(ran)}"
        assert not handle.task.waits, f"{handle.task} of rank {owner} is still watched"
