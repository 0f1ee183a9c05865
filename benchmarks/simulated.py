"""Past this machine: how busy thousands of ranks would be, in the virtual cluster.

    python benchmarks/simulated.py [--full] [--latency-us 20] [--out FILE]

First it measures what things cost here: the wire between two ranks (`wire.py`), and the handling of
a message by a whole rank (`handling.py`). With these costs the scheduling rules, which are the very
ones that run under MPI, keep virtual ranks busy with calls of 10 ms. Ramp-up and tail count. Without
`--full` a rank gets 100 calls, which takes two minutes; with it 1,000, which takes a quarter of an hour.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from scoop_mpi.testing.costs import Costs
from scoop_mpi.testing.utilisation import measure

from systems import mpiexec

CALL_S = 0.01
RUNS = (
    ("flat", 64, None),
    ("flat", 1024, None),
    ("flat", 4096, 0.95),
    ("tree", 64, None),
    ("tree", 1024, 0.95),
)
"""Shape, ranks, and the busy share that is wanted with 1,000 calls a rank."""


def run_json(command):
    """Run a program and return the JSON that it printed."""
    done = subprocess.run(
        command, check=True, timeout=120, capture_output=True, text=True, env=os.environ
    )
    return json.loads(done.stdout)


def measured_costs(latency_s):
    """Measure costs here; the latency is at least that of the network that is asked for."""
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
    os.environ.setdefault("OMPI_MCA_pml", "ob1")
    os.environ.setdefault("OMPI_MCA_btl", "^ofi,uct")
    start = mpiexec(sys.executable, 2)
    wires = [run_json([*start, sys.executable, str(HERE / "wire.py")]) for _ in range(5)]
    wire = {key: min(one[key] for one in wires) for key in wires[0]}
    handling = run_json([sys.executable, str(HERE / "handling.py")])
    print(
        f"measured: send {wire['send_s'] * 1e6:.2f} us, receive {wire['receive_s'] * 1e6:.2f} us, "
        f"latency {wire['latency_s'] * 1e6:.2f} us in shared memory; a message handled "
        f"{handling['message_s'] * 1e6:.1f} us, a call that its maker runs "
        f"{handling['inline_s'] * 1e6:.1f} us",
        flush=True,
    )
    return Costs(
        latency_s=max(latency_s, wire["latency_s"]),
        send_s=wire["send_s"],
        receive_s=wire["receive_s"],
        message_s=handling["message_s"],
        kernel_s=handling["inline_s"] / 2,  # push, claim and finished: two turns of the kernel
    )


def main():
    """Measure, simulate, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="1,000 calls a rank, not 100")
    parser.add_argument("--latency-us", type=float, default=20.0, help="of the network (20)")
    parser.add_argument("--out", type=Path, help="write JSON here")
    options = parser.parse_args()
    costs = measured_costs(options.latency_us * 1e-6)
    print(f"simulated with: {costs}", flush=True)
    calls = 1000 if options.full else 100
    gc.disable()  # nothing here is garbage before the end of its run
    runs = []
    for shape, ranks, wanted in RUNS:
        figures = measure(ranks, calls, CALL_S, shape=shape, costs=costs)
        verdict = ""
        if wanted is not None and options.full:
            verdict = f"  >= {wanted}: {'met' if figures.busy_share >= wanted else 'MISSED'}"
        print(f"{shape:5} {figures}{verdict}", flush=True)
        runs.append({"shape": shape, "wanted": wanted, **figures._asdict()})
        gc.collect()
    if options.out is not None:
        result = {"costs": costs._asdict(), "calls_per_rank": calls, "runs": runs}
        options.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
