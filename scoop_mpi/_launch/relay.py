"""A small process that copies a standard input which the root cannot open itself.

Sockets have no path, and a pipe that another user made (`... | su user -c ...`) may not be opened
by its path. Such an input is copied into a pipe of our own.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal

_AT_ONCE = 1 << 16


def start_relay(source: int, least: int) -> int:
    """Start to copy `source`; return the number of a pipe to read it from, at least `least`.

    The copying process ends with the input, or when nobody holds the pipe any more.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        # The grandchild belongs to nobody, so that mpirun will not wonder whose child it is.
        if os.fork() == 0:
            os.close(read_end)
            _copy_and_exit(source, write_end)
        os._exit(0)
    os.waitpid(child, 0)
    os.close(source)
    os.close(write_end)
    number = fcntl.fcntl(read_end, fcntl.F_DUPFD, least)
    os.close(read_end)
    return number


def _copy_and_exit(source: int, sink: int) -> None:
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the launcher's business; we end with it
        # Of a job in the background, a terminal's input has ended, rather than stopping the job.
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):  # else who reads our output would wait for us
            os.dup2(nothing, number)
        _copy(source, sink)
    finally:
        os._exit(0)


def _copy(source: int, sink: int) -> None:
    poll = select.poll()
    poll.register(source, select.POLLIN)
    poll.register(sink, 0)  # tells when its reader is gone
    while True:
        ready = dict(poll.poll())
        if sink in ready:
            return
        try:
            data = os.read(source, _AT_ONCE)
        except OSError:  # of a terminal: it was hung up, or is not ours to read
            return
        if not data:
            return
        while data:
            data = data[os.write(sink, data) :]
