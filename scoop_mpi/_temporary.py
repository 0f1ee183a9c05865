"""Where a job's temporary folders lie."""

from __future__ import annotations

import os


def new_name() -> str:
    """Return a path for a new folder, which no other job uses.

    It is under TMPDIR, or under /tmp where TMPDIR is not a folder that can be written to: a batch
    system may hand on the one of the host that the job was submitted from.
    """
    # As `tempfile` would, whose import takes 10 ms.
    within = os.environ.get("TMPDIR", "")
    if not os.access(within, os.W_OK):
        within = "/tmp"  # noqa: S108  the folder is made under a name that nobody can foresee
    return os.path.join(within, f"scoop_mpi-{os.urandom(8).hex()}")
