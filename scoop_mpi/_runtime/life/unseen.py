"""Nothing is swallowed: failures that nobody looked at are told when a rank ends."""

from __future__ import annotations

from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.stderr import say
from scoop_mpi._runtime.values import outcomes


def report(loop: Loop) -> None:
    """Write to stderr how many calls failed unseen, and the traceback of the first."""
    tasks = list(loop.worker.unseen.values())
    if not tasks:
        return
    first = _first_error(tasks[0].arrived)
    text = outcomes.format_error(first) if first else ""
    others = len(tasks) - 1
    more = f" (and those of {others} other task{'s' * (others > 1)})" if others else ""
    say(
        f"scoop_mpi: {loop.where}: a call of {tasks[0].key} failed and nobody asked for its "
        f"result{more}:\n{text}"
    )


def _first_error(arrived: dict[int, tuple[int, bool, outcomes.Payload]]) -> BaseException | None:
    for _, failed, payload in arrived.values():
        if failed:
            for kind, data in payload:
                if kind in (outcomes.FAILED, outcomes.RAISED):
                    return outcomes.failure_of(kind, data)
    return None
