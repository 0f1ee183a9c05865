"""A pool does what `multiprocessing.Pool` does: run with it (`theirs`), and with ours."""

import multiprocessing
import os
import sys
import threading
import time

import scoop_mpi


SIZE = getattr(scoop_mpi, "SIZE", 1)


def square(x):
    return x * x


def fail(x):
    if x % 3 == 2:
        raise LookupError(x)
    return x


def slow(x):
    time.sleep(0.01)
    return x


def where(x):
    time.sleep(0.02)
    return os.getpid()


def raised(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        return type(error)
    return None


begun = []


def begin(word):
    begun.append(word)


def what_begun(_):
    return tuple(begun)


def waiting(pool):
    assert pool.apply(pow, (2, 5)) == 32 and pool.apply(sorted, ([1, 2],), {"reverse": True}) == [
        2,
        1,
    ]
    assert pool.map(square, range(100), chunksize=7) == [i * i for i in range(100)]
    assert pool.starmap(pow, [(2, i) for i in range(50)]) == [2**i for i in range(50)]
    assert list(pool.imap(square, range(100))) == [i * i for i in range(100)]
    assert sorted(pool.imap_unordered(square, range(100))) == [i * i for i in range(100)]
    assert (
        pool.map(square, [])
        == list(pool.imap(square, []))
        == list(pool.imap_unordered(square, []))
        == []
    )
    assert raised(pool.map, fail, range(5)) is raised(pool.apply, fail, (2,)) is LookupError


def iterators(pool):
    """A failure does not end them."""
    for make in (pool.imap, pool.imap_unordered):
        found = []
        results = make(fail, range(9))
        while True:
            try:
                found.append(next(results))
            except LookupError:
                found.append("failed")
            except StopIteration:
                break
        assert sorted(found, key=str) == [0, 1, 3, 4, 6, 7, "failed", "failed", "failed"], found
        results = make(time.sleep, [0.3])
        assert raised(results.next, timeout=0.01) is multiprocessing.TimeoutError
        assert results.next(30) is None


def asynchronous(pool):
    result = pool.map_async(square, range(10))
    assert result.get() == [i * i for i in range(10)] and result.ready() and result.successful()
    assert pool.starmap_async(pow, [(2, 3)]).get(30) == [8]
    failed = pool.apply_async(fail, (2,))
    failed.wait()
    assert failed.ready() and not failed.successful() and raised(failed.get) is LookupError
    late = pool.apply_async(time.sleep, (0.3,))
    assert not late.ready() and raised(late.successful) is ValueError
    assert raised(late.get, 0.01) is multiprocessing.TimeoutError
    late.wait(0.01)
    assert late.get() is None
    values, errors = [], []
    ended = threading.Event()
    for i in range(6):
        pool.apply_async(fail, (i,), {}, values.append, errors.append)
    pool.map_async(square, range(3), callback=values.append)
    pool.apply_async(slow, (9,), callback=lambda _: ended.set()).wait()
    assert ended.wait(30)
    pool.close()
    pool.join()
    assert sorted(values, key=str) == [0, 1, 3, 4, [0, 1, 4]], values
    assert sorted(error.args for error in errors) == [(2,), (5,)]


def ending(new):
    pool = new()
    assert raised(pool.join) is ValueError
    results = pool.imap(slow, range(10))
    pool.close()
    for use in (pool.map, pool.apply_async, pool.imap, pool.map_async):
        assert raised(use, square, [1]) is ValueError, use
    pool.join()
    assert list(results) == list(range(10))
    with new() as pool:
        assert pool.map(square, [3]) == [9]
        late = [pool.apply_async(slow, (i,)) for i in range(500)]
    assert raised(pool.map, square, [1]) is ValueError
    assert not all(result.ready() and result.successful() for result in late), "all have run"
    with new(initializer=begin, initargs=["a"]) as pool:
        assert set(pool.map(what_begun, range(20))) == {("a",)}
        assert pool.apply_async(what_begun, (0,)).get() == ("a",)
    assert raised(new, 0) is ValueError


def sized(pool):
    """What libraries ask for."""
    assert pool.size == pool._processes == pool._max_workers == SIZE
    assert scoop_mpi.Pool(7)._processes == 7
    assert len(set(pool.map(where, range(20 * pool.size)))) == pool.size
    # It can be sent to calls.
    assert pool.starmap(use, [(pool, n) for n in range(5)]) == [0, 0, 1, 5, 14]


def use(pool, n):
    with pool:
        assert pool.apply_async(slow, (1,)).get() == 1
        return sum(pool.imap_unordered(square, range(n)))


def main():
    theirs = sys.argv[1:] == ["theirs"]
    new = multiprocessing.Pool if theirs else scoop_mpi.Pool
    pool = new()
    waiting(pool)
    iterators(pool)
    if not theirs:
        sized(pool)
    asynchronous(pool)
    ending(new)
    print("ok")


if __name__ == "__main__":
    main()
