# A program written for SCOOP that uses every way in which programs reach for SCOOP's names.
import os
import sys

import scoop
import scoop.futures
from scoop import futures, logger, shared
from scoop._comm.scoopexceptions import ReferenceBroken, Shutdown
from scoop._types import CallbackType, CancelledError, Future
from scoop.fallbacks import NotStartedProperly
from scoop.futures import _startup, map as scoop_map, map_as_completed, submit

AT_IMPORT = scoop.IS_RUNNING, scoop.IS_ORIGIN, scoop.SIZE, scoop.worker, scoop.MAIN_MODULE


def square(x):
    return x * x


def read(name):
    return scoop.shared.getConst(name)


def seen(_):
    return AT_IMPORT, scoop.futures is futures, sys.modules["scoop.futures"] is futures


def told(statement):
    try:
        exec(statement, {"scoop": scoop, "futures": futures})
    except (ImportError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def main(size):
    assert list(scoop_map(square, range(5))) == [0, 1, 4, 9, 16]
    assert list(scoop.futures.map(square, [3])) == [9]
    assert sorted(map_as_completed(square, range(3))) == [0, 1, 4]
    future = submit(square, 4)
    assert isinstance(future, futures.Future) and isinstance(future, Future)
    assert future.result() == 16 and future in [future] and future != 1

    shared.setConst(name=[1, 2])
    assert list(futures.map(read, ["name"] * 4)) == [[1, 2]] * 4
    for (running, origin, ranks, worker, typed), same, found in futures.map(seen, range(20)):
        assert running is True and ranks == size and same and found
        assert origin == worker.endswith(":0") and typed == sys.argv[0], (origin, worker, typed)

    assert futures._AS_COMPLETED and scoop.__version__ == "0.7" and not scoop.DEBUG
    assert sys.modules["scoop.futures"].__dict__.get("_controller") is not None
    assert scoop.CONFIGURATION["headless"] is False and not scoop.SHUTDOWN_REQUESTED
    assert _startup(square, 3) == 9
    children = futures._mapFuture(square, [1, 2])
    assert [futures._join(child) for child in children] == futures._joinAll(*children) == [1, 4]
    assert {child.result() for child in futures._waitAny(*children)} == {1, 4}
    assert issubclass(NotStartedProperly, Exception) and issubclass(CancelledError, BaseException)
    assert issubclass(Shutdown, Exception) and issubclass(ReferenceBroken, Exception)
    assert CallbackType.standard and futures.CallbackType is CallbackType
    utils = scoop.utils
    for name in ("PBS_NODEFILE", "PE_HOSTFILE", "SLURM_JOB_ID", "LSB_JOBID", "FLUX_URI"):
        os.environ.pop(name, None)
    assert utils.getEnv() == "other" and utils.getHosts() == [("127.0.0.1", utils.getCPUcount())]
    os.environ.update(PE_HOSTFILE="pe", NSLOTS="6")
    with open("pe", "w") as file:
        file.write("node1 4 all.q UNDEFINED\nnode2 2 all.q UNDEFINED\n")
    assert utils.getEnv() == "SGE" and utils.getHosts() == [("node1", 4), ("node2", 2)]
    assert utils.getWorkerQte(utils.getHosts()) == 6
    with open("hosts", "w") as file:
        file.write("host1 worker=8\nhost2 4\nhost3  2 3 4\nhost4 X 2\n")
    assert dict(utils.getHosts("hosts")) == {"host1": 8, "host2": 4, "host3": 2, "host4": 2}
    assert utils.parseSLURM("n[5-6]") == [("n5", 1), ("n6", 1)]
    logger.warn("told by %s", "SCOOP's name")

    for statement, instead in {
        "scoop.BROKER": "AttributeError: .*scoop.worker",
        "from scoop import BROKER": "ImportError: .*scoop.worker",
        "from scoop import broker": "ImportError: .*rank 0",
        "import scoop.launcher": "ImportError: .*mpirun or srun",
        "import scoop._control": "ImportError: .*scheduling",
        "from scoop.futures import scan": "ImportError: .*mapScan",
        "futures.mapJoin": "AttributeError: .*futures.map",
        "scoop.shared.shareConstant": "AttributeError: .*setConst",
        "from scoop._types import StopWatch": "ImportError: .*perf_counter",
        "scoop.nothing": "AttributeError: module 'scoop' has no attribute 'nothing'$",
        "import scoop.nothing": "ModuleNotFoundError: No module named 'scoop.nothing'$",
        "from scoop import nothing": "ImportError: cannot import name 'nothing'",
        "futures.submit(abs, -1).isDone": r"AttributeError: .*done\(\)",
        "futures.submit(abs, -1).nothing": "AttributeError: .*'nothing'$",
    }.items():
        import re

        assert re.match(instead, told(statement)), (statement, told(statement))
    print("all found")


if __name__ == "__main__":
    main(int(sys.argv[1]))
