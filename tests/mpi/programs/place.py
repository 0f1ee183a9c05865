"""Tells what a program sees of its place; module-level code runs once on each rank."""

import os
import sys

import scoop_mpi
from scoop_mpi import futures

imported = 0
imported += 1


def see(_):
    return imported, __name__, tuple(sys.argv), os.getcwd(), scoop_mpi.IS_RUNNING, scoop_mpi.SIZE


if __name__ == "__main__":
    assert sys.path[0] == os.path.dirname(os.path.abspath(__file__))
    assert sys.argv == [sys.argv[0], "a b", "-n", "ü\n"]
    seen = set(futures.map(see, range(200)))
    for times, name, argv, cwd, running, size in seen:
        assert times == 1 and name in ("__main__", "__scoop_main__"), name
        assert argv == tuple(sys.argv) and cwd == os.getcwd()
        assert running == scoop_mpi.IS_RUNNING and size == scoop_mpi.SIZE
    assert scoop_mpi.IS_ORIGIN and scoop_mpi.MAIN_MODULE == __file__
    assert scoop_mpi.worker.endswith(":0")
    scoop_mpi.logger.warning("logged")
    print("read:", sys.stdin.read())
