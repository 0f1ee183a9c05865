"""The logger of programs: one line a record, with time, level, rank, host and module."""

from __future__ import annotations

import logging
import sys

from scoop_mpi._runtime.wire.transport import host

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
"""By verbosity: -q, the default, -v and more."""


def make_logger(rank: int | None = None, verbosity: int = 1) -> logging.Logger:
    """Return the logger, writing to stderr; set up once."""
    logger = logging.getLogger("scoop_mpi")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        place = host() if rank is None else f"rank {rank} on {host()}"
        handler.setFormatter(
            logging.Formatter(f"[%(asctime)s] %(module)-9s ({place}) %(levelname)-7s %(message)s")
        )
        logger.addHandler(handler)
        # SCOOP's programs call `warn`, for which Python would print a remark of its own.
        logger.warn = logger.warning  # type: ignore[method-assign]
        logger.setLevel(LEVELS[min(verbosity, len(LEVELS) - 1)])
    return logger
