"""Ends in the way that its argument names, each of which once hung or made noise."""

import atexit
import os
import sys
import threading
import time

from scoop_mpi import futures


class Broken:
    """A stream that raises whatever one does with it."""

    def write(self, text):
        raise ValueError("broken")

    def flush(self):
        raise ValueError("broken")


def add_one(x):
    return x + 1


def late():
    print("late", sum(futures.map(add_one, range(100))), flush=True)


def late_thread():
    while threading.main_thread().is_alive():
        time.sleep(0.01)
    late()


def hook(kind, error, trace):
    print("hook", kind.__name__)


if __name__ == "__main__":
    assert sum(futures.map(add_one, range(100))) == 5050
    match sys.argv[1]:
        case "closed stderr":
            os.close(2)
            raise LookupError("lost")
        case "broken stderr":
            sys.stderr.close()
            sys.stderr = Broken()
            sys.exit("told to nobody")
        case "no stderr":
            sys.stderr = None
            raise LookupError("lost")
        case "thread":
            threading.Thread(target=late_thread).start()
        case "exit handler":
            atexit.register(late)
        case "hook":
            sys.excepthook = hook
            raise LookupError("lost")
        case "callback":
            call = futures.submit(add_one, 1)
            call.add_done_callback(lambda call: print("called back", call.result()))
            while not call.task.finished:  # looks without helping: the callback stays due
                if futures.submit(add_one, 2).done():
                    call.exception(30)
        case "remote failure":
            futures.submit(add_one, "a").result(30)
        case "mapped failure":
            list(futures.map(add_one, ["a"] * 100))
        case "interrupt":
            raise KeyboardInterrupt
        case "flag":
            sys.exit(True)
        case "negative":
            sys.exit(-1)
