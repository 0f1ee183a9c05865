"""The root program of a case, in whatever system: it measures inside, and prints one line.

run.py starts it; the environment says what to do:
    BENCH_SYSTEM, BENCH_CASE    modules of systems/ and cases/
    BENCH_PARAMETERS            arguments of the case's `root`, as JSON
"""

import json
import os
import sys

# Where a launcher runs this file by other means than `python root.py`.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases
import systems


def main():
    """Run the case."""
    parameters = json.loads(os.environ["BENCH_PARAMETERS"])
    system = systems.load(os.environ["BENCH_SYSTEM"])
    case = cases.load(os.environ["BENCH_CASE"])
    try:
        with system.Pool(parameters.pop("workers")) as pool:
            print("@bench " + json.dumps(case.root(pool, **parameters)), flush=True)
    except Exception as error:
        if type(error).__name__ != "NotOffered":
            raise
        print("@bench " + json.dumps({"not_offered": str(error)}), flush=True)


if __name__ == "__main__":
    main()
