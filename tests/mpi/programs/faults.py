"""Faults in calls, by the name of the first argument: only the call's own future tells of them."""

import os
import sys
import threading
import time
import traceback

import travel
from mpi4py import MPI

from scoop_mpi import futures
from scoop_mpi.errors import PickleError, RemoteError


class Private(BaseException):
    """No `Exception`, and with something of its own."""

    def __init__(self, text, number):
        super().__init__(text, number)
        self.number = number


class LoadsNowhere(Exception):
    """An exception that pickles, and cannot be unpickled."""

    def __reduce__(self):
        return travel.explode, ()


def elsewhere(call, *args):
    """Return a failure of a call that another rank ran, if there is any."""
    while True:
        future = futures.submit(call, *args)
        error = future.exception(30)
        assert error is not None
        if MPI.COMM_WORLD.size == 1 or "### Rank" in shown(error):
            return error


def shown(error):
    return "".join(traceback.format_exception(error))


def chain(error):
    links = [error]
    while links[-1].__cause__ is not None:
        links.append(links[-1].__cause__)
    return links


def fails_in_a_group():
    member = ValueError(1)
    member.__cause__ = KeyError("of a member")
    member.add_note("note of a member")
    try:
        raise OSError(5, "disk")
    except OSError as cause:
        group = ExceptionGroup("two", [member, TypeError("a", 2)])
        group.add_note("first note")
        group.add_note("second note")
        raise group from cause


def private():
    raise Private("own", 7)


def loads_nowhere():
    raise LoadsNowhere("gone")


def exceptions():
    """Type, arguments, notes and cause; and the remote traceback."""
    error = elsewhere(fails_in_a_group)
    assert type(error) is ExceptionGroup and error.message == "two"
    assert [(type(e), e.args) for e in error.exceptions] == [
        (ValueError, (1,)),
        (TypeError, ("a", 2)),
    ]
    assert error.__notes__ == ["first note", "second note"]
    assert repr(error.exceptions[0].__cause__) == "KeyError('of a member')"
    assert error.exceptions[0].__notes__ == ["note of a member"]
    kinds = [type(link).__name__ for link in chain(error)]
    assert kinds[:2] == ["ExceptionGroup", "OSError"] and error.__cause__.args == (5, "disk")
    error = elsewhere(private)
    assert type(error) is Private and (error.args, error.number) == (("own", 7), 7)
    error = elsewhere(loads_nowhere)
    if MPI.COMM_WORLD.size > 1:
        # The class can be loaded; only its own way to be made again fails, and is not needed.
        assert type(error) in (LoadsNowhere, RemoteError) and "gone" in str(error), error
        assert "in loads_nowhere" in shown(error)
    else:
        assert type(error) is LoadsNowhere


def arguments():
    """Raised where it was submitted, or by the one call whose argument cannot be loaded."""
    for submit in (
        lambda: futures.submit(travel.is_base, travel.nested()),
        lambda: futures.map(travel.is_base, [1, travel.nested(), 2]),
    ):
        try:
            submit()
        except PickleError as error:
            assert "This element could not be pickled: <list" in str(error), error
        else:
            raise AssertionError("it was taken")
    for bad, expected in ((travel.FailsToLoad(), RuntimeError), (travel.ExitsOnLoad(), SystemExit)):
        outcomes = [futures.submit(travel.is_base, x) for x in [1] * 20 + [bad] + [2] * 20]
        failed = [call for call in outcomes if call.exception(30) is not None]
        assert failed == [outcomes[20]] and type(failed[0].exception()) is expected


def iterables():
    """Raised at the caller; zip's rule; nothing for nothing."""

    def half():
        yield 1
        raise LookupError("half-way")

    for call in (futures.map, futures.map_as_completed):
        try:
            list(call(abs, half()))
        except LookupError as error:
            assert error.args == ("half-way",)
        else:
            raise AssertionError("nothing was raised")
        assert list(call(abs, [])) == []
        assert list(call(max, [5], [1, 2, 3])) == [5]


def callbacks():
    """One that raises is told; one that submits, or cancels, works."""
    came = []
    future = futures.submit(abs, -1)
    future.add_done_callback(lambda _: 1 / 0)
    future.add_done_callback(lambda _: came.append(futures.submit(abs, -2)))
    others = [futures.submit(time.sleep, 0.01) for _ in range(30)]
    future.add_done_callback(lambda _: came.append([other.cancel() for other in others]))
    assert future.result() == 1
    while len(came) < 2:
        futures.submit(abs, -3).result()
    assert came[0].result() == 2
    for cancelled, other in zip(came[1], others, strict=True):
        assert other.cancelled() == cancelled
        assert cancelled or other.result(30) is None


def leaves_children(x):
    """Return at once, or raise, with calls outstanding."""
    for _ in range(5):
        futures.submit(time.sleep, 0.002)
    if x % 2:
        raise ValueError(x)
    return x


def parents():
    """Nobody waits for the calls of a call that has ended; they harm nobody."""
    calls = [futures.submit(leaves_children, x) for x in range(20)]
    for x, call in enumerate(calls):
        error = call.exception(30)
        assert (error is None) == (x % 2 == 0)
    later = [futures.submit(leaves_children, 2) for _ in range(20)]
    for call in later:
        call.cancel()


def same(data):
    return data


def flight():
    """A thousand results and arguments of 1 MB under way at a time."""
    sent = [futures.submit(same, bytes([x % 256]) * 1_000_000) for x in range(1000)]
    for x, call in enumerate(sent):
        data = call.result(60)
        assert len(data) == 1_000_000 and data[0] == data[-1] == x % 256


def barrier(x):
    """All ranks at once: each has one of these calls only if none of them can end alone."""
    MPI.COMM_WORLD.Barrier()
    return MPI.COMM_WORLD.rank


def barriers():
    """COMM_WORLD is the program's own."""
    for _ in range(3):
        ranks = futures.run_everywhere(barrier, 0)
        assert sorted(ranks) == list(range(MPI.COMM_WORLD.size)), ranks


def start_thread(x):
    threading.Thread(target=time.sleep, args=(600,)).start()
    return x


def threads():
    """Threads that are no daemons are left running on the other ranks."""
    if MPI.COMM_WORLD.rank == 0:
        found = [futures.submit(on_a_worker, x) for x in range(4)]
        assert [call.result(30) for call in found] == list(range(4))


def on_a_worker(x):
    return start_thread(x) if MPI.COMM_WORLD.rank else x


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    assert list(futures.map(abs, range(-100, 0))) == list(range(100, 0, -1))
    print("ok")
