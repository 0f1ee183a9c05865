"""Instructions of the kernel's hot paths: figures that a busy machine does not change.

    python benchmarks/instructions.py [--out FILE] [--only push_claim,lent_block]

Counted by `perf stat` where the machine lets it, else by `valgrind --tool=callgrind`. Each path is
run for two lengths; the difference is what the operations cost, so that the start of the interpreter
cancels. A fixed hash seed makes a run repeat itself.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

sys.path.insert(0, str(ROOT))

LENGTHS = (200, 1200)
"""Operations of the two runs."""


# --- the paths: each does so many operations --------------------------------------------------


class Cargo:
    """Arguments of nobody."""

    call_bytes = 0

    def cut(self, start, stop):
        return None


def nothing(count):
    """Do nothing: what the loop around the operations costs."""
    for _ in range(count):
        pass


def push_claim(count):
    """A call that its maker runs itself: push, claim, finished."""
    worker = make_worker(0, 2)
    cargo = Cargo()
    for _ in range(count):
        task = worker.new_task(1, "key", cargo)
        worker.push(task)
        block = worker.claim(task, 0, 0.0)
        worker.finished(block, None, 0.0, failed=False, seconds=1e-6)


def own_block(count):
    """A block of the rank's own map: turn, finished."""
    worker = make_worker(0, 2)
    worker.durations.note("key", 1.0, 1)  # calls of a second: a block is a single one
    worker.push(worker.new_task(count, "key", Cargo()))
    for _ in range(count):
        block = worker.turn(0.0)[-1].block
        worker.finished(block, None, 0.0, failed=False, seconds=1.0)


def lent_block(count):
    """A block of borrowed calls: turn, finished, and the message with its outcomes."""
    from scoop_mpi._kernel.protocol import Lend, Part

    worker = make_worker(1, 2)
    part = Part(1, 1, 0, count, "key", 1.0, None)
    worker.receive(0, Lend(1, (part,), 0), 0.0)
    for _ in range(count):
        actions = worker.turn(0.0)
        worker.finished(actions[-1].block, None, 0.0, failed=False, seconds=1.0)


def round_of_lending(count):
    """A call that another rank runs: hungry, ask, lend, run, outcomes, fed; all three machines."""
    from scoop_mpi._kernel.broker import Broker
    from scoop_mpi._kernel.protocol import TO_BROKER, Run, Send

    owner, borrower, broker = make_worker(0, 2), make_worker(1, 2), Broker()
    machines = {0: owner, 1: borrower}
    cargo = Cargo()

    def carry_out(sender, actions):
        for action in actions:
            if type(action) is Send:
                message = action.message
                if type(message) in TO_BROKER:
                    carry_out(0, broker.receive(sender, message))
                else:
                    to = action.to
                    carry_out(to, machines[to].receive(sender, message, 0.0))
            elif type(action) is Run:
                block = action.block
                done = machines[sender].finished(block, None, 0.0, failed=False, seconds=1.0)
                carry_out(sender, done)

    carry_out(1, borrower.dry(0.0))
    for _ in range(count):
        task = owner.new_task(1, "key", cargo)
        carry_out(0, owner.push(task))
        carry_out(0, owner.offer())
        carry_out(1, borrower.turn(0.0))  # runs what has come
        carry_out(1, borrower.dry(0.0))  # sends its outcome, and asks for more
        assert task.finished


def broker_round(count):
    """The Broker's part of lending a call to one of 64 ranks: hungry, fed."""
    from scoop_mpi._kernel.broker import Broker
    from scoop_mpi._kernel.protocol import Fed, Hungry, Surplus

    broker = Broker()
    broker.receive(0, Surplus())
    for number in range(count):
        borrower = 1 + number % 63
        broker.receive(borrower, Hungry(number))
        broker.receive(borrower, Fed(number))


PATHS = {
    path.__name__: path
    for path in (nothing, push_claim, own_block, lent_block, round_of_lending, broker_round)
}


def make_worker(rank, ranks):
    from scoop_mpi._kernel.worker import Worker

    return Worker(rank, ranks)


# --- counting ---------------------------------------------------------------------------------


def perf_command(output):
    return ["perf", "stat", "-x,", "-e", "instructions:u", "-o", output]


def valgrind_command(output):
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}"]


def perf_count(text):
    found = re.search(r"^(\d+),", text, re.MULTILINE)
    return int(found[1]) if found else None


def valgrind_count(text):
    found = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
    return int(found[1]) if found else None


COUNTERS = {"perf": (perf_command, perf_count), "valgrind": (valgrind_command, valgrind_count)}


def count(counter, program):
    """Return the instructions of a program, or None if this counter cannot tell."""
    make_command, read = COUNTERS[counter]
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "counts")
        environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
        command = [*make_command(output), sys.executable, "-S", *program]
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        if run.returncode or not os.path.exists(output):
            return None
        return read(Path(output).read_text())


def find_counter():
    """Return the first counter that works here."""
    for name in COUNTERS:
        if shutil.which(name) and count(name, ["-c", "pass"]):
            return name
    sys.exit("neither perf nor valgrind can count instructions on this machine")


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", help="file for the figures, as JSON")
    parser.add_argument("--only", default=",".join(PATHS), help=f"of {', '.join(PATHS)}")
    parser.add_argument("--run", nargs=2, metavar=("PATH", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        name, operations = options.run
        PATHS[name](int(operations))
        return
    counter = find_counter()
    print(f"instructions an operation, counted by {counter}")
    figures = {}
    for name in options.only.split(","):
        counts = [count(counter, [__file__, "--run", name, str(length)]) for length in LENGTHS]
        if None in counts:
            print(f"{name:18} failed")
            continue
        figures[name] = (counts[1] - counts[0]) / (LENGTHS[1] - LENGTHS[0])
        what = PATHS[name].__doc__.splitlines()[0]
        print(f"{name:18} {figures[name]:10,.0f}   {what}", flush=True)
    if options.out:
        told = {"counter": counter, "python": sys.version.split()[0], "instructions": figures}
        Path(options.out).write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
