"""`--profile`: what each rank's Python functions took, as cProfile sees it."""

from __future__ import annotations

import atexit
import os

FOLDER = "profile"


def start(rank: int) -> None:
    """Profile the main thread from now on; written to profile/rank-R.prof at the rank's end."""
    import cProfile  # noqa: PLC0415  only if it was asked for

    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(os.getcwd(), FOLDER, f"rank-{rank}.prof")
    profile = cProfile.Profile()

    def end() -> None:
        profile.disable()
        profile.dump_stats(path)

    atexit.register(end)
    profile.enable()
