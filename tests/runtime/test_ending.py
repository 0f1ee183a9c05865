"""Of two threads that would end a rank, one does, and the other is not in its way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from scoop_mpi._runtime.life.ending import Ending
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.wire.transport import Alone


@pytest.mark.timeout(30)
@pytest.mark.parametrize("which", ["problem", "halt"])
def test_the_ticker_makes_way_for_the_main_thread(which: str) -> None:
    """Who ends this rank waits until the ticker has stopped: it must not wait for the end itself."""
    loop = Loop(Alone())
    transport: Any = SimpleNamespace()  # nothing is asked of it before the ticker has stopped
    ending = Ending(loop, transport)
    assert ending._once.acquire(blocking=False)  # noqa: SLF001  as if the main thread ended this rank
    tried = threading.Event()
    end: Callable[[], None] = ending.fail if which == "problem" else ending.leave

    def try_to_end() -> None:
        tried.set()
        end()

    if which == "problem":
        loop.problem = "a rank has failed"
        loop.on_problem = try_to_end
    else:
        loop.halted = 0
        ending.ticker._on_halt = try_to_end  # noqa: SLF001  to hear of it
        ending.ticker._halted_at = -1e9  # noqa: SLF001  long past the grace period
    ending.ticker.start()
    assert tried.wait(20)
    ending.ticker.stop()
