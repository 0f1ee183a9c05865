"""One process tree: started, watched, timed, and ended whatever happens."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

MARKER = "BENCH_TREE"
"""Stands in the environment of every process of a tree: by it we know which are ours."""

TICKS = os.sysconf("SC_CLK_TCK")


class TimedOut(Exception):
    """There was no result in time."""


class Failed(Exception):
    """The tree ended without a result. The text is the end of what it said."""


class Tree:
    """The processes that carry our marker, wherever they hang now."""

    def __init__(self, marker):
        self.sign = f"{MARKER}={marker}".encode()

    def pids(self):
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                # A process may end while we look; another user's cannot be read.
                with contextlib.suppress(OSError):
                    if self.sign in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
        return found

    def cpu_s(self):
        """Return the CPU seconds so far of each thread of each process."""
        seconds = {}
        for pid in self.pids():
            for task in Path(f"/proc/{pid}/task").glob("*"):
                with contextlib.suppress(OSError):
                    seconds[task] = thread_cpu_s(task)
        return seconds

    def signal(self, number):
        for pid in self.pids():
            with contextlib.suppress(OSError):
                os.kill(pid, number)

    def end(self):
        """Ask all processes that are left to end, and see to it."""
        self.signal(signal.SIGTERM)
        for _ in range(20):
            if not self.pids():
                return
            time.sleep(0.05)
        self.signal(signal.SIGKILL)


def thread_cpu_s(task):
    """Return a thread's CPU seconds, in nanoseconds' resolution where the kernel has it."""
    with contextlib.suppress(OSError):
        return int((task / "schedstat").read_text().split()[0]) / 1e9
    fields = (task / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def run(command, environment, limit_s, on_mark=None, *, silent=False):
    """Run a command to its end; return the values that it told, with its wall time.

    The program prints `@bench {...}` for its values and `@mark name` where we shall look at its
    processes: `on_mark(name, tree)` returns values too. A `silent` one need not tell any.

    Raises:
        TimedOut: It was not done in time.
        Failed: It has ended without values.
    """
    marker = uuid.uuid4().hex
    tree = Tree(marker)
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment | {MARKER: marker},
            start_new_session=True,
        )
        try:
            values, ended = _watch(process, tree, started + limit_s, on_mark)
        finally:
            tree.end()
            process.wait()
            process.stdout.close()
        if values is None and not (silent and process.returncode == 0):
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise Failed(f"exit code {process.returncode}: " + " | ".join(lines[-4:])[-400:])
    return (values or {}) | {"wall_s": ended - started}


def _watch(process, tree, deadline, on_mark):
    """Read what the program prints until it ends; its helpers may hold the pipe for longer."""
    values, rest, told = None, b"", False
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    pidfd = os.pidfd_open(process.pid)
    selector = selectors.DefaultSelector()
    selector.register(pipe, selectors.EVENT_READ)
    selector.register(pidfd, selectors.EVENT_READ)
    try:
        while True:
            ready = {key.fd for key, _ in selector.select(max(0.0, deadline - time.perf_counter()))}
            ended = time.perf_counter()
            if not ready:
                if told:
                    return values | {"ends": 0.0}, ended  # it has told all, but does not end
                raise TimedOut
            chunk = b""
            with contextlib.suppress(BlockingIOError):
                chunk = os.read(pipe, 1 << 16)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if b"@mark " in line and on_mark is not None:
                    name = line.partition(b"@mark ")[2].decode().strip()
                    values = (values or {}) | (on_mark(name, tree) or {})
                elif b"@bench " in line:
                    values = (values or {}) | json.loads(line.partition(b"@bench ")[2])
                    told = True
                    deadline = min(deadline, time.perf_counter() + 10.0)  # time to end
            if pidfd in ready and not chunk:
                return values, ended
            if not chunk:
                selector.unregister(pipe)
    finally:
        os.close(pidfd)
        selector.close()
