# Tells where calls were run: one on each rank, for each waits until all are there.
import json
import os
import sys
import time

import scoop_mpi
from scoop_mpi import futures


def meet(number, folder, ranks):
    open(os.path.join(folder, str(number)), "w").close()
    end = time.monotonic() + 60
    while len(os.listdir(folder)) < ranks and time.monotonic() < end:
        time.sleep(0.01)
    return os.uname().nodename, scoop_mpi.worker, os.environ.get("FOO"), sys.argv[2:]


if __name__ == "__main__":
    folder = sys.argv[1]
    os.makedirs(folder)
    ranks = scoop_mpi.SIZE
    found = list(futures.map(meet, range(ranks), [folder] * ranks, [ranks] * ranks))
    told = {
        "ranks": ranks,
        "hosts": sorted(host for host, _, _, _ in found),
        "workers": len({worker for _, worker, _, _ in found}),
        "foo": sorted({str(foo) for _, _, foo, _ in found}),
        "arguments": all(arguments == sys.argv[2:] for _, _, _, arguments in found),
        "root": os.uname().nodename,
    }
    print(json.dumps(told))
