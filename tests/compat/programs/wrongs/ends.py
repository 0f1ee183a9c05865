"""How a run ends: with the program's status, its words on stderr, and no process left behind."""

import os
import signal
import sys
import time

from scoop import futures

if "ignores" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def ratio(x, y):
    return x / y


def stuck_call(folder, number, tells=False):
    """Leave the number of this call and of its process, and run for longer than anyone waits."""
    open(os.path.join(folder, f"{number}.{os.getpid()}"), "w").close()
    if tells:
        tell_stuck(folder)
    time.sleep(60)


def tell_stuck(folder, *others):
    """Tell the processes."""
    print("stuck", *others, *(name.split(".")[1] for name in os.listdir(folder)), flush=True)


def exit_3():
    sys.exit(3)


def exit_0():
    sys.exit(0)


def exit_words():
    sys.exit("no such luck")


def uncaught():
    raise LookupError("lost")


def remote_failure():
    calls = [futures.submit(ratio, 6, y) for y in (3, 2, 0, 1, 2, 3)]
    for call in calls:
        call.result()


def stuck(how):
    """Tell the processes when each is as it will stay: two run calls, and the root does `how`."""
    folder = os.path.join(os.getcwd(), "pids")
    os.mkdir(folder)
    # With two calls SCOOP would keep one for its root.
    numbers = range(3 if how in ("sleeps", "ignores") else 2)
    calls = [futures.submit(stuck_call, folder, number) for number in numbers]
    deadline = time.monotonic() + 20
    # The root does not help, so that these are two others.
    while len(os.listdir(folder)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    if how == "helps":
        futures.submit(stuck_call, folder, 2, tells=True)
    else:
        tell_stuck(folder, os.getpid())
    if how in ("sleeps", "ignores"):
        time.sleep(60)
    calls[0].result()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
