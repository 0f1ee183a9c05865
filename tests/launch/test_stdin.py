"""The root reads the launcher's standard input as if there were no mpirun between them.

Here a stand-in plays mpirun: it starts the root as its child, with no input of its own. With the
real ones: tests/mpi.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

LAUNCHER = """
import os, subprocess, sys
from scoop_mpi._launch import stdin
stdin.lend(os.environ)
mpirun = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
os.execv(sys.executable, [sys.executable, "-c", mpirun, sys.executable, *sys.argv[1:]])
"""

RANK = """
import hashlib, os, sys
from scoop_mpi._launch import stdin
stdin.restore(os.environ, is_root=sys.argv[1] == "root")
if sys.stdin is None:
    print("None")
else:
    data = sys.stdin.buffer.read()
    print(len(data), hashlib.sha256(data).hexdigest(), sys.stdin.seekable(), sys.stdin.name)
assert stdin.VARIABLE not in os.environ
"""

DIRECT = RANK.replace("stdin.restore", "(lambda *_, **__: None)")
"""The same, reading its standard input as it is."""


def start(code: str, stdin: object, *args: str, **more: object) -> subprocess.Popen[str]:
    """Start Python code with this standard input."""
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-c", code, *args],
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        **more,
    )


def output(process: subprocess.Popen[str]) -> str:
    """Wait for its output."""
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return text


def through_launcher(stdin: object, role: str = "root", **more: object) -> subprocess.Popen[str]:
    """Start a rank by way of the launcher and the stand-in for mpirun."""
    return start(LAUNCHER, stdin, "-c", RANK, role, **more)


def test_file(tmp_path: Path) -> None:
    """A file is a file: it can be sought in."""
    path = tmp_path / "in put"
    path.write_bytes(b"a\nb\n")
    with path.open("rb") as file:
        direct = output(start(DIRECT, file, "root"))
    with path.open("rb") as file:
        assert output(through_launcher(file)) == direct
    assert direct.split()[2] == "True"


def test_rest_of_a_file(tmp_path: Path) -> None:
    """What was read before us is not read again."""
    path = tmp_path / "input"
    path.write_bytes(b"first\nsecond\n")
    with path.open("rb", buffering=0) as file:
        file.seek(6)
        printed = output(through_launcher(file))
    assert printed.split()[:2] == ["7", hashlib.sha256(b"second\n").hexdigest()]


def test_null() -> None:
    """Nothing is nothing, and ends at once."""
    assert output(through_launcher(subprocess.DEVNULL)).startswith("0 ")


def test_closed() -> None:
    """Without a standard input, Python has no sys.stdin."""
    close = {"preexec_fn": lambda: os.close(0)}
    direct = output(start(DIRECT, None, "root", **close))
    assert output(through_launcher(None, **close)) == direct == "None\n"


def test_large_pipe() -> None:
    """Ten million bytes, as fast as they come, and the end."""
    data = os.urandom(1000) * 10_000
    process = through_launcher(subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.buffer.write(data)
    assert output(process).split()[:2] == ["10000000", hashlib.sha256(data).hexdigest()]


def test_socket() -> None:
    """A socket has no path to open it by: it is copied."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = through_launcher(theirs)
        ours.sendall(b"x" * 300_000)
    digest = hashlib.sha256(b"x" * 300_000).hexdigest()
    assert output(process).split()[:2] == ["300000", digest]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_pipe_of_another_user() -> None:
    """As after `| su user -c ...`: it may be read, but not opened by its path."""
    nobody = 65534
    read_end, write_end = os.pipe()
    os.fchmod(read_end, 0o600)
    os.write(write_end, b"secret")
    os.close(write_end)
    code = "import os\nfrom scoop_mpi._launch import relay, stdin\n"
    code += f"os.setgid({nobody}); os.setuid({nobody})\nassert not stdin._can_reopen(0)\n"
    code += "stdin.lend(os.environ); path = os.environ[stdin.VARIABLE]\n"
    code += "print(os.read(os.open(path, os.O_RDONLY), 99).decode())\n"
    with os.fdopen(read_end) as pipe:
        assert output(start(code, pipe)) == "secret\n"


def test_other_ranks_read_nothing() -> None:
    """A rank that is not the root finds an empty standard input, and the root's is untouched."""
    process = through_launcher(subprocess.PIPE, role="other")
    assert output(process).startswith("0 ")


def test_what_is_typed_is_copied() -> None:
    """From a terminal, line by line, until Ctrl-D: only the group in front may read from it."""
    ours, theirs = os.openpty()
    try:
        process = start(LAUNCHER, theirs, "-c", RANK, "root")
        os.write(ours, b"typed\n\x04")
        assert output(process).startswith("6 ")
    finally:
        os.close(ours)
        os.close(theirs)
