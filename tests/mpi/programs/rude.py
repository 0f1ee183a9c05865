"""Calls that are rude to their process; the ranks stay usable, and the run ends in time."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time

from scoop_mpi import futures


def close(descriptor):
    try:
        os.close(descriptor)
    except OSError:
        pass  # another call on this rank has closed it


def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


RUDE = {
    "folder": lambda: os.chdir("/"),
    "mask": lambda: os.umask(0o777),
    "environment": os.environ.clear,
    "signals": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGUSR1]),
    "descriptors": lambda: (close(1), close(2)),
    "streams": lambda: (sys.stdout.close(), sys.stderr.close()),
    "no streams": lambda: (setattr(sys, "stdout", None), setattr(sys, "stderr", None)),
    "fork": fork,
    "process": lambda: subprocess.run(["true"], check=True),
    "stdin": sys.stdin.read,
    "thread": lambda: threading.Thread(target=time.sleep, args=(60,), daemon=True).start(),
    "path": sys.path.clear,
    "modules": lambda: [sys.modules.pop(name, None) for name in ("pickle", "__main__")],
    "switch interval": lambda: sys.setswitchinterval(1),
    "garbage": gc.disable,
    "hook": lambda: setattr(sys, "excepthook", None),
    "output": lambda: os.write(1, b"\xff\xfe\0" * 100_000),
}


def rude(how):
    RUDE[how]()
    time.sleep(0.01)
    return how


if __name__ == "__main__":
    how = sys.argv[1]
    list(futures.map(time.sleep, [0.001] * 20))
    calls = [futures.submit(rude, how) for _ in range(8)]
    assert [call.result(30) for call in calls] == [how] * 8
    assert list(futures.map(abs, range(-500, 0))) == list(range(500, 0, -1))
    open(os.path.join(sys.argv[2], "done"), "w").close()
