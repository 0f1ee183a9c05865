"""Reads the files that users and schedulers write."""

from __future__ import annotations


def read_text(path: str) -> str:
    """Return what a file holds, whatever bytes there are.

    Raises:
        OSError: It cannot be read.
    """
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
