"""What comes by mpirun's standard error: handed on as it comes, but for mpirun's own chatter.

When a rank has died and the others go on, or have ended without MPI's goodbye, Open MPI's mpirun, or
its daemon on another host, may say that its connection to a rank is gone. Who reads it can do
nothing with it; the loss of a rank is told by rank 0.
"""

from __future__ import annotations

import contextlib
import os
import re

_CHATTER = re.compile(
    rb"pmix_ptl_base: send_msg: write failed|\[warn\] Epoll |PMIX ERROR: .*(LOST|UNREACH)"
    rb"|^double free or corruption"  # its own end, now and then (1 in some 900 runs)
)
_RULE = re.compile(rb"-{70,}\n")
_BANNER = re.compile(
    rb"Primary job  terminated normally|mpirun detected that one or more processes exited"
)
"""What Open MPI 4 says, between two rules, of a program that ends with a code other than 0."""

_BEGINS_LIKE_CHATTER = re.compile(rb"\[|PMIX|-|Primary|mpirun|d(o(u|$)|$)")
"""What of a line that is not whole is held back: anything else is somebody's question, or progress."""

_MOST = 65536


class Words:
    """A pipe from mpirun.

    Attributes:
        read_end: Readable when there is anything to `hand_on`.
        write_end: For mpirun.
    """

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        self._line = b""
        self._rule = b""
        """A rule that came last, and is handed on if no banner follows."""
        self._in_banner = False

    def hand_on(self) -> bool:
        """Write what has come to standard error; False when nothing more can come."""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self.read_end, _MOST)
            *lines, self._line = (self._line + data).split(b"\n")
            for line in lines:
                self._take(line + b"\n")
            if self._line and not _BEGINS_LIKE_CHATTER.match(self._line):
                _say(self._line)
                self._line = b""
            return bool(data)
        return True

    def finish(self) -> None:
        """Hand on the rest."""
        self.hand_on()
        _say(self._rule + self._line)
        self._line = b""

    def _take(self, line: bytes) -> None:
        """Hand a line on, unless it is part of a banner."""
        is_rule = _RULE.fullmatch(line) is not None
        if self._in_banner:
            self._in_banner = not is_rule
            return
        if self._rule and _BANNER.match(line):
            self._in_banner = True
        else:
            _say(self._rule)
        self._rule = line if is_rule else b""
        if not (is_rule or self._in_banner):
            _say(line)


def _say(line: bytes) -> None:
    if line and not _CHATTER.search(line):
        with contextlib.suppress(OSError):
            os.write(2, line)
