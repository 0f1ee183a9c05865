"""What keeps a job from starting, in words for the user."""

from __future__ import annotations


class LaunchError(Exception):
    """The job cannot be started; the text says why, and what to do.

    Args:
        text: For the user; one or more lines.
        code: The exit code: 2 for a wrong command line, as everywhere; 1 for the rest.
    """

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class UsageError(LaunchError):
    """The command line is wrong."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text}\nTry: python -m scoop_mpi --help", code=2)
