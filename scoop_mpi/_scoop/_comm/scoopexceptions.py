"""`scoop._comm.scoopexceptions`: what programs may name in an `except`. Never raised here."""

from __future__ import annotations


class Shutdown(Exception):  # noqa: N818  SCOOP's name
    """Ended the pool under SCOOP."""


class ReferenceBroken(Exception):  # noqa: N818  SCOOP's name
    """Told of a name that a worker lacked under SCOOP; here, `scoop_mpi.errors.PickleError`."""
