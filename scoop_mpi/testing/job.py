"""Jobs for tests: a function or a program on so many ranks, with a limit on its time.

Each is a job of its own, started as a user would, by `python -m scoop_mpi -n N`, so that the process
of the tests never has MPI in it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from scoop_mpi._runtime.values.codec import dumps, freeze

_LEAVE_S = 3.0
"""What is interrupted gets so long to end, each time."""


class Ended(NamedTuple):
    """What a program left behind."""

    status: int
    stdout: str
    stderr: str


class JobFailed(AssertionError):  # noqa: N818  names the fact
    """A job took too long, or ended before its function did. The text has all that it wrote."""


class Ranks:
    """So many ranks, which start and end with each call of a method.

    Args:
        n: How many, the root among them.
        folder: Where files of the job may lie.
        timeout: Seconds after which a job is ended, and the test fails.
    """

    def __init__(self, n: int, folder: str, timeout: float = 60.0) -> None:
        self.n = n
        self.timeout = timeout
        self._folder = Path(folder)
        self._jobs = 0

    def run(self, program: str | os.PathLike[str], *arguments: str, stdin: str = "") -> Ended:
        """Run a program, as `python -m scoop_mpi -n N program arguments`, in the current folder.

        Returns:
            Its exit code and what it wrote; a code other than 0 is no failure here.

        Raises:
            JobFailed: It took too long.
        """
        __tracebackhide__ = True
        return self._run([os.fspath(program), *arguments], stdin)

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function on the root, as the program; return what it returns, or raise what it raises.

        The function's module is imported on every rank, from its file; a lambda or an inner function
        travels by value.

        Raises:
            JobFailed: It took too long, or the job ended without an outcome.
        """
        __tracebackhide__ = True
        task, outcome = self._folder / f"task {self._jobs}", self._folder / f"outcome {self._jobs}"
        module = sys.modules.get(function.__module__)
        file = getattr(module, "__file__", None)
        origin = None if file is None else (function.__module__, os.path.abspath(file))
        task.write_bytes(freeze((origin, dumps((function, args, kwargs)))))
        ended = self._run(["-m", "scoop_mpi.testing.called", str(task), str(outcome)], "")
        sys.stdout.write(ended.stdout)
        sys.stderr.write(ended.stderr)
        if not outcome.exists():
            name = getattr(function, "__qualname__", repr(function))
            raise JobFailed(self._describe(f"{name} has no outcome: the job ended", ended))
        value, error = pickle.loads(outcome.read_bytes())
        if error is not None:
            raise error
        return value

    def _run(self, words: list[str], stdin: str) -> Ended:
        __tracebackhide__ = True
        self._jobs += 1
        out, err = self._folder / f"stdout {self._jobs}", self._folder / f"stderr {self._jobs}"
        command = [sys.executable, "-m", "scoop_mpi", "-n", str(self.n), *words]
        path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)
        with out.open("wb") as out_file, err.open("wb") as err_file:
            job = subprocess.Popen(
                command,
                env=os.environ | {"PYTHONPATH": path},
                stdin=subprocess.PIPE,
                stdout=out_file,
                stderr=err_file,
                start_new_session=True,
            )
            late = False
            try:
                job.communicate(stdin.encode(), timeout=self.timeout)
            except subprocess.TimeoutExpired:
                late = True
            finally:
                _end(job)
        ended = Ended(
            job.returncode, out.read_text("utf-8", "replace"), err.read_text("utf-8", "replace")
        )
        if late:
            said = " ".join(words)
            raise JobFailed(
                self._describe(f"{said} still ran after {self.timeout:g} s; it was ended", ended)
            )
        return ended

    def _describe(self, what: str, ended: Ended) -> str:
        return (
            f"{what} (on {self.n} ranks, exit code {ended.status})\n"
            f"--- its standard output ---\n{ended.stdout}"
            f"--- its standard error ---\n{ended.stderr}"
        )


def _end(job: subprocess.Popen[bytes]) -> None:
    """End a job if it has not ended: by Ctrl-C, by a second one, by force."""
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGKILL):
        if job.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            job.wait(_LEAVE_S)
