"""Large constants: where they lie, who sees what, what happens without shared memory.

python -m scoop_mpi -n 4 tables.py HOW [MARK]
"""

import contextlib
import os
import resource
import signal
import sys
import time

import numpy

import scoop_mpi
from scoop_mpi import futures, shared

HOW = sys.argv[1]
if HOW == "limited":  # files in memory may not grow
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

if HOW == "unreadable":  # ranks may not look into each other's /proc
    from scoop_mpi._runtime.values.blocks import Block

    def refuse(*_):
        raise PermissionError

    Block.open = refuse

CALLS = range(100)


def own_memory():
    with open("/proc/self/smaps_rollup") as file:
        (line,) = [line for line in file if line.startswith("Pss:")]
    return 1024 * int(line.split()[1])


def files():
    """Return the files in memory that this rank has mapped, by their numbers."""
    with open("/proc/self/maps") as file:
        return sorted({int(line.split()[4]) for line in file if "memfd:scoop_mpi" in line})


def total(_):
    time.sleep(0.001)
    return float(shared.getConst("table", timeout=0).sum())


def write(rank):
    """Write into this rank's own array, and see nobody else's."""
    table = shared.getConst("table", timeout=0)
    table[0] += 1.0
    return float(table[0]), table is shared.getConst("table", timeout=0)


def make(size):
    shared.setConst(table=numpy.arange(size, dtype=float))
    return scoop_mpi.worker


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def first(what):
    """Return whether nobody in this job has asked this before."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(f"{sys.argv[2]}-{what}", os.O_CREAT | os.O_EXCL))
        return True
    return False


def make_and_die(size):
    if not scoop_mpi.IS_ORIGIN and first("maker"):
        make(size)
        die()
    while not os.path.exists(f"{sys.argv[2]}-maker"):  # the root leaves it to another
        time.sleep(0.001)
    return 1


def read_or_die(x):
    time.sleep(0.005)
    if not scoop_mpi.IS_ORIGIN and x > 20 and first("reader"):
        die()
    return total(x)


def memory():
    table = numpy.arange(6_250_000, dtype=float)
    list(futures.map(abs, range(1000)))
    make_small = numpy.arange(100_000, dtype=float)
    with shared.constants(table=make_small):
        list(futures.map(total, CALLS))
    before = sum(futures.run_everywhere(own_memory))
    shared.setConst(table=table)
    assert list(futures.map(total, CALLS)) == [float(table.sum())] * 100
    futures.run_everywhere(total, 0)
    new = sum(futures.run_everywhere(own_memory)) - before
    print(new / table.nbytes)


def views():
    table = numpy.arange(100_000, dtype=float)
    fixed = numpy.asfortranarray(numpy.ones((300, 400)))
    fixed.flags.writeable = False
    shared.setConst(table=table, fixed=fixed, many=[table, {"b": table[::2]}, b"x" * 100_000])
    table[0] = 7.0  # what was set stays what it was
    assert futures.run_everywhere(write, 0) == [(1.0, True)] * scoop_mpi.SIZE
    assert futures.run_everywhere(write, 0) == [(2.0, True)] * scoop_mpi.SIZE
    fixed = shared.getConst("fixed")
    assert fixed.flags.f_contiguous and not fixed.flags.writeable and fixed.sum() == 120_000
    first, second, third = shared.getConst("many")
    assert first[0] == 0 and second["b"][1] == 2 and len(third) == 100_000
    futures.run_everywhere(total, 0)
    print([len(found) for found in futures.run_everywhere(files)])
    for name in ("table", "fixed", "many"):
        shared.delConst(name)
    del fixed, first, second, third
    assert shared.getConst("table", timeout=0) is None
    while any(futures.run_everywhere(files)):  # freed when a rank comes to it
        pass
    assert futures.submit(make, 50_000).result() in {
        f"{scoop_mpi.worker.rpartition(':')[0]}:{rank}" for rank in range(scoop_mpi.SIZE)
    }
    assert set(futures.run_everywhere(total, 0)) == {float(numpy.arange(50_000).sum())}


def nodes():
    futures.run_everywhere(abs, 0)  # all have read this file
    shared.setConst(table=numpy.arange(100_000, dtype=float))
    assert len(set(futures.run_everywhere(total, 0))) == 1
    print(futures.run_everywhere(files))


def unreadable():
    """Constants of the root, and of another rank, go whole to all others."""
    futures.run_everywhere(abs, 0)  # all have read this file
    for _ in range(3):
        nodes()
        shared.delConst("table")
    while futures.submit(make_there, 30_000).result() == scoop_mpi.worker:
        shared.delConst("table")
    assert set(futures.run_everywhere(total, 0)) == {float(numpy.arange(30_000).sum())}


def make_there(size):
    time.sleep(0.02)
    return make(size)


def death():
    """The maker dies as soon as its constant is there, and a reader, perhaps a leader."""
    assert list(futures.map(make_and_die, [200_000] * 200)) == [1] * 200
    assert set(futures.map(read_or_die, range(200))) == {float(numpy.arange(200_000).sum())}
    shared.setConst(after=numpy.ones(100_000))
    assert len(list(futures.map(total, range(50)))) == 50


def end():
    """Hold a constant, and be ended in the way of the second argument."""
    make(1_000_000)
    futures.run_everywhere(total, 0)
    if sys.argv[2] == "raise":
        raise LookupError
    if sys.argv[2] == "root":
        die()
    if sys.argv[2] == "term":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    if sys.argv[2] == "worker":
        futures.submit(make_and_die_anyway, 0).result()


def make_and_die_anyway(_):
    if scoop_mpi.IS_ORIGIN:
        time.sleep(0.2)
    else:
        die()


if __name__ == "__main__":
    if HOW in ("nodes", "limited"):
        nodes()
    else:
        {"memory": memory, "views": views, "death": death, "unreadable": unreadable, "end": end}[
            HOW
        ]()
    print("ok")
