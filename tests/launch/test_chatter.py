"""What mpirun writes to standard error is handed on, but for its own chatter."""

from __future__ import annotations

import os

import pytest

from scoop_mpi._launch.chatter import Words

CHATTER = (
    b"[node1:00181] pmix_ptl_base: send_msg: write failed: Bad file descriptor (9) [sd = -1]\n"
)


def test_lines_come_but_for_chatter(capfd: pytest.CaptureFixture[str]) -> None:
    """Whole lines of a rank on another host, and of mpirun, without what helps nobody."""
    words = Words()
    os.write(words.write_end, b"a rank\n" + CHATTER[:20])
    words.hand_on()
    os.write(words.write_end, CHATTER[20:] + b"[node1:00181] no such file\n")
    words.hand_on()
    assert capfd.readouterr().err == "a rank\n[node1:00181] no such file\n"


def test_banners_are_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    """Open MPI 4's, of a program that ends with a code other than 0; other words between rules come."""
    words = Words()
    rule = b"-" * 74 + b"\n"
    banner = rule + b"Primary job  terminated normally, but 1 process returned\na code.\n" + rule
    other = rule + b"MPI_ABORT was invoked\n" + rule
    os.write(words.write_end, banner + other + b"mine\n" + rule)
    words.hand_on()
    os.close(words.write_end)
    words.finish()
    assert capfd.readouterr().err.encode() == other + b"mine\n" + rule


def test_questions_come_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    """Half a line that is none of mpirun's does not wait for its end."""
    words = Words()
    os.write(words.write_end, b"50 %\r")
    words.hand_on()
    assert capfd.readouterr().err == "50 %\r"


def test_the_rest_comes_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    """Half a line is handed on when nothing more can come."""
    words = Words()
    os.write(words.write_end, b"[half")
    assert words.hand_on()
    os.close(words.write_end)
    words.finish()
    assert capfd.readouterr().err == "[half"
