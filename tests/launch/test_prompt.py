"""`python -m scoop_mpi -i`: a prompt on the root, as a person at a terminal sees it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command

REPOSITORY = Path(__file__).parents[2]
LIMIT_S = 30


class Terminal:
    """A terminal with a job on it, and somebody who types and reads."""

    def __init__(self, *command: str, cwd: Path) -> None:
        paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
        environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "TERM": "dumb"}
        self.process, self._end = pty.fork()
        if self.process == 0:
            os.chdir(cwd)
            os.execve(command[0], command, environ)
        self._read = b""

    def expect(self, text: str) -> str:
        """Read until this text comes, and return all that came before it."""
        wanted = text.encode()
        deadline = time.monotonic() + LIMIT_S
        while wanted not in self._read:
            left = max(0, deadline - time.monotonic())
            if not select.select([self._end], [], [], left)[0]:
                pytest.fail(f"{text!r} does not come; there is {self._read.decode()!r}")
            try:
                self._read += os.read(self._end, 10_000)
            except OSError:
                pytest.fail(f"ended before {text!r} came: {self._read.decode()!r}")
        before, _, self._read = self._read.partition(wanted)
        return before.decode()

    def type(self, text: str) -> None:
        """Type this."""
        os.write(self._end, text.encode())

    def status(self) -> int:
        """Wait for the end of the job, and return its status."""
        with contextlib.suppress(OSError):  # which tells of the end, on Linux
            while os.read(self._end, 10_000):
                pass
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def close(self) -> None:
        """End the job, if it has not ended."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self._end)


@contextlib.contextmanager
def terminal(*command: str, cwd: Path) -> Iterator[Terminal]:
    """Open a terminal with this command on it."""
    opened = Terminal(*command, cwd=cwd)
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize("ranks", ["1", "3"])
def test_a_session(mpi_python: str, tmp_path: Path, ranks: str) -> None:
    """What is typed can be mapped; Ctrl-C interrupts what runs and no more; Ctrl-D ends the job."""
    launch = (mpi_python, "-m", "scoop_mpi", "-n", ranks, "-i")
    with terminal(*launch, cwd=tmp_path) as screen:
        assert f"{ranks} ranks" in screen.expect(">>> ")
        screen.type("def f(x): return x * factor\n\n")
        screen.expect(">>> ")
        screen.type("factor = 3; list(futures.map(f, range(4)))\n")
        screen.expect("[0, 3, 6, 9]\r\n")
        screen.type("import time; print('sl' + 'eeps'); time.sleep(600)\n")
        screen.expect("sleeps\r\n")
        screen.type("\x03")
        trace = screen.expect("KeyboardInterrupt")
        assert "<stdin>" in trace and "scoop_mpi" not in trace
        screen.type("print(futures.mapReduce(f, max, range(4)))\n")
        screen.expect("\r\n9\r\n>>> ")
        screen.type("1 / 0\n")
        screen.expect("ZeroDivisionError")
        screen.expect(">>> ")
        screen.type("\x04")
        assert screen.status() == 0


def test_a_prompt_after_a_program(mpi_python: str, tmp_path: Path) -> None:
    """With all its names; what is bound anew at the prompt is what the workers get."""
    (tmp_path / "program.py").write_text(
        "def f(x):\n    return x + 1\n\n\ndef g(x):\n    return f(x)\n"
    )
    launch = (mpi_python, "-m", "scoop_mpi", "-n", "2", "-i", "program.py", "argument")
    with terminal(*launch, cwd=tmp_path) as screen:
        screen.expect(">>> ")
        screen.type("list(futures.map(g, range(3)))\n")
        screen.expect("[1, 2, 3]")
        screen.type("f = lambda x: x * 10\n")
        screen.type("list(futures.map(f, range(3)))\n")
        screen.expect("[0, 10, 20]")
        screen.type("import sys; sys.exit(len(sys.argv))\n")
        assert screen.status() == 2


def test_a_prompt_that_is_fed_by_a_pipe(command: Command, mpi_python: str, tmp_path: Path) -> None:
    """Open MPI 5 never tells the root that its input has ended; yet it ends."""
    launch = [mpi_python, "-m", "scoop_mpi", "-n", "2", "-i"]
    ended = command(*launch, cwd=tmp_path, stdin="print(sum(futures.map(abs, [-1, -2])))\n")
    assert ended.status == 0, ended.stderr
    assert ended.stdout == ">>> 3\n>>> "


def test_a_program_may_ask_at_a_terminal(mpi_python: str, tmp_path: Path) -> None:
    """What is typed reaches `input`, and the job's end leaves the terminal as it was."""
    (tmp_path / "ask.py").write_text(
        "import sys\nif __name__ == '__main__':\n    print('got', input('name? '), input())\n"
        "    print(sys.stdout.isatty())\n"
    )
    with terminal(mpi_python, "-m", "scoop_mpi", "-n", "2", "ask.py", cwd=tmp_path) as screen:
        screen.expect("name? ")
        screen.type("a b\nc\n")
        screen.expect("got a b c\r\nTrue\r\n")
        assert screen.status() == 0


def test_ctrl_c_twice_ends_at_once(mpi_python: str, tmp_path: Path) -> None:
    """Even a program that will not be interrupted; nothing is left, and MPI says nothing."""
    (tmp_path / "stubborn.py").write_text(
        "import os, signal, time\n"
        "from scoop_mpi import futures\n"
        "def stuck(x):\n"
        "    open(f'pid.{x}', 'w').write(str(os.getpid()))\n"
        "    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        "    open('pid.root', 'w').write(str(os.getpid()))\n"
        "    signal.signal(signal.SIGINT, lambda *_: print('no', flush=True))\n"
        "    calls = futures.map(stuck, range(2))\n"
        "    while not (os.path.exists('pid.0') or os.path.exists('pid.1')):\n"
        "        time.sleep(0.01)\n"
        "    print('ready', flush=True)\n"
        "    while True:\n"
        "        time.sleep(1)\n"
    )
    with terminal(mpi_python, "-m", "scoop_mpi", "-n", "3", "stubborn.py", cwd=tmp_path) as screen:
        screen.expect("ready\r\n")
        ranks = [os.pidfd_open(int(path.read_text())) for path in tmp_path.glob("pid.*")]
        screen.type("\x03")
        screen.expect("no\r\n")
        screen.type("\x03")
        assert screen.status() == 130
        for rank in ranks:
            assert select.select([rank], [], [], LIMIT_S)[0], "a rank lives on"
            os.close(rank)
