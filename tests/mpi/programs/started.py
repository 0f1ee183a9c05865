# A plain script, without a guard, that starts its own workers.
import os
import signal
import sys
import time

import scoop_mpi
from scoop_mpi import futures, shared


class Thing:
    def __init__(self, value):
        self.value = value

    def double(self):
        return Thing(self.value * 2)


def square(x):
    return x * x


def meet(number, folder, ranks):
    open(os.path.join(folder, str(number)), "w").close()
    while len(os.listdir(folder)) < ranks:
        time.sleep(0.01)
    return os.getpid()


def use(ranks, folder):
    assert scoop_mpi.SIZE == ranks and scoop_mpi.IS_RUNNING and scoop_mpi.IS_ORIGIN
    assert list(futures.map(square, range(1000))) == [x * x for x in range(1000)]
    assert [thing.value for thing in futures.map(Thing.double, map(Thing, range(9)))] == [
        *range(0, 18, 2)
    ]
    os.makedirs(folder)
    pids = set(futures.map(meet, range(ranks), [folder] * ranks, [ranks] * ranks))
    assert len(pids) == ranks and os.getpid() in pids
    shared.setConst(constant=[1])
    assert list(futures.map(lambda _: shared.getConst("constant"), range(9))) == [[1]] * 9
    try:
        futures.submit(lambda: 1 / 0).result()
    except ZeroDivisionError:
        pass
    return pids - {os.getpid()}


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"  # MPICH's mpirun does not look
    except OSError:
        return False


def gone(pids):
    end = time.monotonic() + 30
    while any(runs(pid) for pid in pids):
        assert time.monotonic() < end, "workers live on"
        time.sleep(0.01)


how = sys.argv[1]
if how == "again":
    for turn in range(3):
        with scoop_mpi.start(3) as workers:
            pids = use(3, f"met{turn}")
        gone(pids)
        workers.stop()
        assert not scoop_mpi.IS_RUNNING
elif how == "left":
    scoop_mpi.start(3)
    use(3, "met")
elif how == "raises":
    with scoop_mpi.start(3):
        use(3, "met")
        raise LookupError("of the script")
elif how == "interrupted":
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    with scoop_mpi.start(3):
        use(3, "met")
        try:
            os.killpg(0, signal.SIGINT)  # as a notebook does
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted")
        use(3, "met again") if not shared.getConst("constant") else None
        assert sum(futures.map(square, range(1000))) == sum(x * x for x in range(1000))
elif how == "one":
    with scoop_mpi.start(1):
        assert not scoop_mpi.IS_RUNNING
elif how == "launched":
    if __name__ == "__main__":
        with scoop_mpi.start(7):
            assert scoop_mpi.SIZE == 2
            assert list(futures.map(square, range(3))) == [0, 1, 4]
        assert list(futures.map(square, range(3))) == [0, 1, 4]
elif how == "wrong":
    try:
        scoop_mpi.start(0)
    except ValueError as error:
        assert "1 or more" in str(error)
if __name__ == "__main__":
    print("done")
