"""A run that may be told to stop: it saves what it has, and the next one goes on from there.

On SIGUSR1 (jobscripts/slurm_signal.sh has Slurm send it before the time is over) it ends with
status 75. Signals go to every rank; only the root's handler matters, for workers pass them over.

Run:
    python -m scoop_mpi -n 4 examples/save_and_resume.py

Output (what it saves is in saved.json, or in the file that is named after the program):
    3000 of 3000 numbers to go
    of 3000 numbers, 2919 takes longest
"""

import json
import os
import signal
import sys

from scoop_mpi import futures

UNFINISHED = 75
told_to_stop = False


def stop(*_: object) -> None:
    global told_to_stop
    told_to_stop = True


def collatz(start: int) -> tuple[int, int]:
    """Count the steps from a number down to 1, by the rule of Collatz."""
    steps, number = 0, start
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return start, steps


def save(path: str, found: dict[str, int]) -> None:
    """Write all results, so that the file is whole whatever happens meanwhile."""
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(found, file)
    os.replace(f"{path}.new", path)


def main() -> int:
    path = sys.argv[1] if len(sys.argv) > 1 else "saved.json"
    last = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    signal.signal(signal.SIGUSR1, stop)
    found: dict[str, int] = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    left = [start for start in range(1, last + 1) if str(start) not in found]
    print(f"{len(left)} of {last} numbers to go", flush=True)
    for start, steps in futures.map_as_completed(collatz, left):
        found[str(start)] = steps
        if told_to_stop:
            save(path, found)
            print(f"stopped: {len(found)} of {last} saved")
            return UNFINISHED
    save(path, found)
    print(f"of {last} numbers, {max(found, key=lambda s: (found[s], -int(s)))} takes longest")
    return 0


if __name__ == "__main__":
    sys.exit(main())
