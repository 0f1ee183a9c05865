"""The benchmark: cases x systems, side by side, in one command.

    python benchmarks/run.py [--cases tiny,idle] [--systems ours,pool] [--repeat 3] [--out DIR]
                             [--python MPICH=/path/to/another/bin/python]

Prints a table, and writes results.json, table.txt and (with matplotlib) picture.svg. See README.md
in this folder for what the cases mean and how the ratios are to be read.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

import cases
import machine
import process
import report
import system
import systems


def main():
    """Run the command line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended, too
    options = parse()
    started = time.time()

    def say(text):
        print(f"[{time.time() - started:6.0f} s] {text}", file=sys.stderr, flush=True)

    columns, versions, missing = system.find(options.python, options.systems, options.repeat, say)
    for line in missing:
        say(f"left out: {line}")
    head = {
        "machine": machine.describe(),
        "versions": versions,
        "missing": missing,
        "repeat": options.repeat,
        "columns": [[column.label, column.module.ROLE] for column in columns],
    }
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    samples = []
    results = head | {"seconds": 0.0, "samples": samples}
    for name in options.cases:
        for sample in run_case(name, columns, options, say):
            samples.append(sample)
            # At once, so that nothing is lost when somebody ends the run.
            results["seconds"] = time.time() - started
            (out / "results.json").write_text(json.dumps(results, indent=1))
    text = report.table(results)
    (out / "table.txt").write_text(text)
    print(text)
    say(report.picture(results, out / "picture.svg"))


def run_case(name, columns, options, say):
    """Run a case in all its systems, repetitions interleaved; yield the samples."""
    case = cases.load(name)
    only = getattr(case, "ONLY", systems.MODULES)
    repeats = min(options.repeat, getattr(case, "REPEATS", options.repeat))
    taking_part = [column for column in columns if column.module_name in only]
    for repetition in range(repeats):
        for column in list(taking_part):
            before = machine.wait_for_quiet(options.patience)
            say(f"{name} {repetition + 1}/{repeats} {column.label}")
            sample = {"case": name, "system": column.label, "repetition": repetition}
            sample |= run_once(case, name, column, repetition)
            after = machine.company()
            sample |= {"before": before, "after": after}
            sample["noisy"] = before["noisy"] or after["noisy"]
            if sample["problem"]:
                say(f"    {sample['problem']}")
                taking_part.remove(column)  # it would only fail again
            yield sample


def run_once(case, name, column, repetition):
    """Run a case in one system; a failure is a result, too."""
    started, values, problem = time.time(), {}, ""
    try:
        measured = hasattr(case, "measure")
        values = case.measure(column, repetition) if measured else column.run(name)
    except process.TimedOut:
        problem = "timed out"
    except process.Failed as error:
        problem = f"error: {error}"
    return {"at": started, "seconds": time.time() - started, "values": values, "problem": problem}


def parse():
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [name.strip("_") for name in systems.MODULES]
    parser.add_argument("--cases", default=",".join(cases.MODULES), help=f"of {cases.MODULES}")
    parser.add_argument("--systems", default=",".join(names), help=f"of {names}")
    parser.add_argument("--repeat", type=int, default=3, help="interleaved repetitions (3)")
    parser.add_argument("--out", default="bench-results", help="folder for what is written")
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="another interpreter, for what can run under its MPI; `default=` replaces this one",
    )
    parser.add_argument(
        "--patience", type=float, default=0.0, help="seconds to wait for a quiet machine (0)"
    )
    options = parser.parse_args()
    pythons = dict(pair.split("=", 1) for pair in options.python)
    options.python = {"": pythons.pop("default", sys.executable)} | pythons
    options.systems = options.systems.split(",")
    options.cases = options.cases.split(",")
    for chosen, known in ((options.cases, cases.MODULES), (options.systems, names)):
        for name in chosen:
            if name not in known:
                parser.error(f"{name!r} is none of {', '.join(known)}")
    return options


if __name__ == "__main__":
    main()
