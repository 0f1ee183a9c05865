# What programs written for SCOOP lean on, as their authors wrote it.
import itertools
import os
import sys

from scoop import futures, shared

RUNS = []
RUNS.append(os.getpid())
ARGUMENTS = sys.argv[1:]


class Thing:
    def __init__(self, value):
        self.value = value


def same_class(thing):
    return isinstance(thing, Thing), Thing(thing.value + 1)


def at_import(_):
    return len(RUNS), RUNS[0] == os.getpid(), ARGUMENTS


COUNTS = {}


def count(_):
    COUNTS[os.getpid()] = COUNTS.get(os.getpid(), 0) + 1
    return os.getpid(), COUNTS[os.getpid()]


def power(x, y):
    return x**y


def started(path):
    open(path, "w").close()


def constant(timeout):
    first = shared.getConst("table", timeout=timeout)
    first.append(1)
    return first is shared.getConst("table") and len(first) > 1


def missing(timeout):
    return shared.getConst("missing", timeout=timeout)


def free_and_read(_):
    for setter in shared.elements:
        if "old" in shared.elements[setter]:
            del shared.elements[setter]["old"]
    return shared.getConst("old", timeout=0)


def use(executor):
    future = executor.submit(power, 2, 3)
    both = list(executor.map(power, [1, 2], [3, 4])), future.result()
    executor.shutdown()
    return both


def eager():
    """The calls of a map run though nobody asks for a result."""
    names = [f"started.{i}" for i in range(4)]
    results = futures.map(started, names)
    futures.wait([futures.submit(abs, 1)], timeout=-1)
    assert next(results) is None
    for name in names:
        while not os.path.exists(name):
            next(results)
    assert list(futures.map(power, [1, 2, 3], itertools.repeat(2))) == [1, 4, 9]
    assert list(futures.map(power, itertools.count(), [1, 2])) == [0, 1]
    assert list(futures.map(power)) == list(futures.map(power, [], [1])) == []


def modules(arguments):
    for runs, same, seen in futures.map(at_import, range(30)):
        assert (runs, same, seen) == (1, True, arguments)
    for known, thing in futures.map(same_class, [Thing(i) for i in range(20)]):
        assert known and isinstance(thing, Thing)
    counts = {}
    for pid, counted in futures.map(count, range(200)):
        counts.setdefault(pid, []).append(counted)
    for counted in counts.values():  # each rank counted its own calls, in whatever order
        assert sorted(counted) == list(range(1, len(counted) + 1))


def constants():
    shared.setConst(table=[0])
    for timeout in (0, 1e-9, 424.2, float("inf")):
        assert all(futures.map(constant, [timeout] * 6)), timeout
    assert list(futures.map(missing, [0, 1e-9])) == [None, None]
    shared.setConst(old="old")
    try:
        shared.setConst(old="new")
    except TypeError as error:
        assert "This constant already exists: old" in str(error)
    else:
        raise AssertionError("set twice")
    assert list(futures.map(free_and_read, range(20))) == [None] * 20
    assert free_and_read(0) is None
    assert "old" not in [name for names in shared.elements.values() for name in names]
    shared.setConst(old="new")
    assert shared.getConst("old") == "new"
    assert set(futures.map(shared.getConst, ["old"] * 20)) == {"new"}


def handles():
    future = futures.submit(power, 2, 3)
    future.mine = "mine"
    called = []
    future.add_done_callback(called.append)
    future.add_done_callback(lambda f: setattr(f, "seen", f.result()))
    assert len(future.callback) == 2
    done, pending = futures.wait((future,), timeout=-1)
    assert done == {future} and not pending
    assert called == [future] and future.seen == 8 and future.mine == "mine"
    done, pending = futures.wait([futures.submit(power, 1, 1) for _ in range(50)], timeout=0)
    assert len(done) + len(pending) == 50
    assert use(futures) == ([1, 16], 8)


if __name__ == "__main__":
    eager()
    modules(sys.argv[1:])
    constants()
    handles()
    print("all as before")
