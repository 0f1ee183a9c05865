"""Makes docs/pictures/report.png: a run of eight ranks, its report, and a browser that looks at it.

    python docs/generate/picture.py

Needs chromium (tests/cluster/install browser).
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PICTURE = Path(__file__).parents[1] / "pictures" / "report.png"
SIZE = "1180,1330"


def simulate(seconds: float) -> float:
    """Take some time; be called by `fit`."""
    time.sleep(seconds)
    return seconds


def fit(seed: int) -> float:
    """Take the time of some simulations, which are calls of their own."""
    from scoop_mpi import futures  # noqa: PLC0415  the picture's maker is no rank

    chance = random.Random(seed)  # noqa: S311  no secret
    time.sleep(0.02)
    return sum(futures.map(simulate, [chance.uniform(0.01, 0.06) for _ in range(6)]))


def load(number: int) -> int:
    """Take a little time."""
    time.sleep(0.012)
    return number


def score(seconds: float) -> float:
    """Take unequal times."""
    time.sleep(seconds)
    return seconds


def program() -> None:
    """Be the program that is seen."""
    from scoop_mpi import futures  # noqa: PLC0415  as above

    chance = random.Random(7)  # noqa: S311  as above
    list(futures.map(load, range(160)))
    list(futures.map(fit, range(100)))
    time.sleep(0.05)
    list(futures.map(score, [*(chance.expovariate(30.0) for _ in range(150)), 1.4]))


def main() -> None:
    """Make the picture."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "search.py"
        copy.write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
        command = [sys.executable, "-m", "scoop_mpi", "-n", "8", "--report", "run.html"]
        subprocess.run([*command, copy.name, "--run"], cwd=folder, check=True)
        browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        browser += [f"--window-size={SIZE}", "--virtual-time-budget=2000"]
        shot = [f"--screenshot={PICTURE}", (Path(folder) / "run.html").as_uri()]
        subprocess.run([*browser, *shot], check=True, capture_output=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    program() if "--run" in sys.argv else main()
