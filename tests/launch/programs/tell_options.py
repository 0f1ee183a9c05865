# Tells what the ranks' processes are like.
import json
import os
import sys

import scoop_mpi
from scoop_mpi import futures

try:
    import helper
except ImportError:
    helper = None


def look(_):
    return {
        "folder": os.getcwd(),
        "nice": os.nice(0),
        "foo": os.environ.get("FOO"),
        "sourced": os.environ.get("SOURCED"),
        "helper": helper is not None,
        "python": sys.executable,
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "alias": any("_scoop" in type(finder).__module__ for finder in sys.meta_path),
        "level": scoop_mpi.logger.level,
    }


if __name__ == "__main__":
    for found in futures.map(look, range(30)):
        print(json.dumps(found))
