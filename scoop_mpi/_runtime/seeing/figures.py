"""What this rank did, as plain values: its answer to who asks for `statistics`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from scoop_mpi._runtime.values import memory

if TYPE_CHECKING:
    from scoop_mpi._runtime.post import Post


def figures(post: Post) -> tuple[Any, ...]:
    """Return what this rank did, as plain values in the order of `RankStatistics`."""
    worker, sent, received = post.worker, post.tally.sent, post.tally.received
    counts = worker.counts
    moment = time.perf_counter()
    waiting_s = post.waited_s + (moment - post.dozing_since if post.dozing else 0.0)
    return (
        post.rank,
        post.name.rpartition(":")[0],
        counts["run"],
        worker.made,
        counts["lent"],
        counts["borrowed"],
        counts["given back"],
        counts["lost"],
        counts["late"],
        counts["dropped"],
        sent.totals(),
        received.totals(),
        sent.out_of_band,
        received.out_of_band,
        sent.callables,
        sent.callable_bytes,
        memory.copies.number,
        memory.copies.size,
        memory.peak(),
        time.process_time(),
        moment - post.started,
        post.tally.busy_s,
        waiting_s,
        post.tally.longest_s,
        post.tally.longest_of,
    )
