"""How a job holds out: `python benchmarks/endurance.py deaths --minutes 30`, `... calls --calls 10000000`.

deaths: random load at 8 ranks, one worker killed every 10 s; dead ranks are not replaced, so that when
        three are left the job ends and the next one begins.
calls:  so many calls through one run.

While they run, each rank's memory and open files, and what was done, are looked at from outside. A
table of first and last, a JSON file and, with matplotlib, a picture are written.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from scoop_mpi import futures

RANKS = 8
KILL_EVERY_S = 10.0
LOOK_EVERY_S = 1.0
PAGE = os.sysconf("SC_PAGE_SIZE")


# --- the load: this file is also the program --------------------------------------------------


def burn(seconds: float) -> int:
    """Compute for so long; some calls make calls."""
    end = time.perf_counter() + seconds
    if seconds > 0.009:
        return sum(futures.map(burn, [seconds / 8] * 4))
    while time.perf_counter() < end:
        pass
    return 1


def add(x: int) -> int:
    """Add one."""
    return x + 1


def load(mode: str, progress: Path, calls: int) -> None:
    """Make calls without end, or so many, and write down how many there were."""
    rng = random.Random(0)
    done = 0
    while mode == "deaths" or done < calls:
        if mode == "deaths":
            seconds = [rng.choice((1e-4, 1e-3, 5e-3, 1e-2)) for _ in range(400)]
            found = list(futures.map(burn, seconds))
            assert found == [4 if part > 0.009 else 1 for part in seconds]
            done += sum(found)
        else:
            assert sum(futures.map(add, range(100_000))) == 5000050000
            done += 100_000
        progress.write_text(str(done))


# --- looking at it ----------------------------------------------------------------------------


def ranks_of(key: str) -> dict[int, int]:
    """Return rank -> process of the job that was given this key."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environ = dict(
                    part.split("=", 1)
                    for part in (entry / "environ").read_text(errors="replace").split("\0")
                    if "=" in part
                )
                words = (entry / "cmdline").read_text(errors="replace")
            except OSError:
                continue
            if environ.get("ENDURANCE") == key and "PMIX_RANK" in environ and "load" in words:
                found[int(environ["PMIX_RANK"])] = int(entry.name)
    return found


def look(processes: dict[int, int]) -> dict[int, tuple[float, int]]:
    """Return rank -> (MiB of memory, open files)."""
    found = {}
    for rank, process in processes.items():
        try:
            resident = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
            found[rank] = (resident / 2**20, len(os.listdir(f"/proc/{process}/fd")))
        except (OSError, IndexError):
            continue
    return found


def watch(mode: str, seconds: float, calls: int) -> list[dict[str, Any]]:
    """Run jobs for so long, or one with so many calls; return what was seen."""
    rows: list[dict[str, Any]] = []
    begun = time.monotonic()
    jobs = 0
    before = 0
    while not jobs or (mode == "deaths" and time.monotonic() - begun < seconds):
        jobs += 1
        with tempfile.TemporaryDirectory() as folder:
            progress = Path(folder) / "progress"
            words = [sys.executable, "-m", "scoop_mpi", "-q", "-n", str(RANKS), __file__]
            words += ["load", mode, str(progress), "--calls", str(calls)]
            key = f"{os.getpid()}-{jobs}"
            job = subprocess.Popen(words, env=os.environ | {"ENDURANCE": key})
            killed_at = time.monotonic()
            job_begun = killed_at
            deaths = 0
            while job.poll() is None:
                time.sleep(LOOK_EVERY_S)
                processes = ranks_of(key)
                done = int(progress.read_text() or 0) if progress.exists() else 0
                now = time.monotonic()
                rows.append(
                    {
                        "s": now - begun,
                        "job": jobs,
                        "job_s": now - job_begun,
                        "ranks": len(processes),
                        "deaths": deaths,
                        "done": before + done,
                        "seen": look(processes),
                    }
                )
                if mode == "deaths" and now - killed_at > KILL_EVERY_S:
                    killed_at = now
                    workers = [pid for rank, pid in processes.items() if rank > 0]
                    if len(workers) <= 2 or now - begun > seconds:
                        job.send_signal(signal.SIGINT)
                        job.wait(30)
                        break
                    os.kill(random.choice(workers), signal.SIGKILL)
                    deaths += 1
            before += int(progress.read_text() or 0) if progress.exists() else 0
            if mode == "calls" and job.returncode:
                sys.exit(f"the job ended with {job.returncode}")
    return rows


def report(rows: list[dict[str, Any]], name: str) -> None:
    """Print, write and draw."""
    rank_of = sorted({rank for row in rows for rank in row["seen"]}, key=int)
    print(f"{rows[-1]['s']:.0f} s, {rows[-1]['job']} jobs, {rows[-1]['done']} calls")
    for rank in rank_of:
        seen = [(row["job_s"], *row["seen"][rank]) for row in rows if rank in row["seen"]]
        early = [entry for entry in seen if 3 < entry[0] < 12] or seen
        late = seen[-5:]
        text = [
            f"{sum(e[column] for e in part) / len(part):.0f}"
            for column in (1, 2)
            for part in (early, late)
        ]
        print(f"rank {rank}: MiB {text[0]} -> {text[1]}, files {text[2]} -> {text[3]}")
    Path(f"{name}.json").write_text(json.dumps(rows))
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        return
    figure, axes = plt.subplots(3, sharex=True, figsize=(9, 8))
    for rank in rank_of:
        points = [(row["s"], *row["seen"][rank]) for row in rows if rank in row["seen"]]
        axes[0].plot([p[0] for p in points], [p[1] for p in points], ".", markersize=2)
        axes[1].plot([p[0] for p in points], [p[2] for p in points], ".", markersize=2)
    width = 10
    rate = [
        (b["s"], (b["done"] - a["done"]) / (b["s"] - a["s"]))
        for a, b in zip(rows, rows[width:], strict=False)
    ]
    axes[2].plot([p[0] for p in rate], [p[1] for p in rate], linewidth=1)
    for axis, label in zip(
        axes, ("MiB a rank", "open files a rank", "calls a second"), strict=True
    ):
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
    axes[2].set_xlabel("seconds")
    figure.tight_layout()
    figure.savefig(f"{name}.svg")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["deaths", "calls", "load"])
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--name", default="endurance")
    options = parser.parse_args()
    if options.mode == "load":
        load(options.rest[0], Path(options.rest[1]), options.calls)
        return
    report(watch(options.mode, 60 * options.minutes, options.calls), options.name)


if __name__ == "__main__":
    main()
