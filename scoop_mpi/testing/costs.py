"""What things cost in the virtual cluster, in seconds.

The defaults are those of a plain cluster of today with Python on both ends; whoever prints a
figure prints these with it.
"""

from __future__ import annotations

from typing import NamedTuple


class Costs(NamedTuple):
    """Seconds that the virtual ranks and the virtual network need."""

    latency_s: float = 20e-6
    """From the sender's hand to the receiver's inbox."""
    jitter: float = 0.0
    """A message is late by up to this many times the latency, drawn anew for each message."""
    slow_share: float = 0.0
    """This share of the ways between ranks, each direction by itself, ..."""
    slow_factor: float = 100.0
    """... is slower by this factor."""
    send_s: float = 2e-6
    """The sender's CPU is busy with a message for so long ..."""
    receive_s: float = 2e-6
    """... and the receiver's, ..."""
    message_s: float = 10e-6
    """... and so long again for the codec and the kernel, when it is handled."""
    byte_s: float = 1e-10
    """Each byte of a message makes it arrive so much later."""
    kernel_s: float = 2e-6
    """A call of the kernel that is not about a message: push, turn, claim, finished, tick."""
    tick_s: float = 1e-3
    """While user code computes, messages wait for a ticker of this period."""
    idle_tick_s: float = 10e-3
    """A rank with nothing to do looks around this often."""
    start_s: float = 0.0
    """The ranks begin at random within this time."""

    def __str__(self) -> str:
        return ", ".join(
            f"{name} {value:g}" for name, value in zip(self._fields, self, strict=True)
        )
