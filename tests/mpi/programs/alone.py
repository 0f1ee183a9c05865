"""A program that nobody launched."""

import scoop_mpi
from scoop_mpi import futures

if __name__ == "__main__":
    assert not scoop_mpi.IS_RUNNING
    for name in ("IS_ORIGIN", "SIZE", "worker", "MAIN_MODULE"):
        assert not hasattr(scoop_mpi, name)
    assert list(futures.map(abs, [-1, 2])) == [1, 2]
    assert list(futures.map(abs, [-1, 2])) == [1, 2]
    print("ok")
