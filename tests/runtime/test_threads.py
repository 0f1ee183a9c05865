"""A loop becomes one for threads, and one with a server, in any order, and never less."""

from __future__ import annotations

import threading

from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.served import Served, serve_threads
from scoop_mpi._runtime.threads import Threaded, become
from scoop_mpi._runtime.wire.transport import Alone


def test_each_thread_has_its_own_place() -> None:
    """What the loop's thread noted before stays its own."""
    loop = Loop(Alone())
    loop.group = 7
    assert become(loop, Threaded)
    assert not become(loop, Threaded)
    seen = []

    def other() -> None:
        seen.append(loop.group)
        loop.group = 3
        seen.append(loop.group)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join(30)
    assert seen == [0, 3]
    assert loop.group == 7


def test_a_served_loop_stays_one_and_sleeps_lightly() -> None:
    """Its threads wait for each outcome, whatever it computes."""
    loop = serve_threads(Loop(Alone()))
    try:
        assert loop.bell.light_sleeper
        assert not become(loop, Threaded)
        assert type(loop) is Served
    finally:
        loop.retire()
