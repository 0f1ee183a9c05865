"""Transcripts of a run: who made, sent and ran what, and when.

    0.000002 0 makes  task 1: square x4
    0.000002 0 -> 0   Surplus()
    0.000120 1 -> 0   Hungry(request=1)

A message is told when it is sent. `0 -> 0` is what the worker of rank 0 tells the broker beside
it: it crosses no wire.
"""

from __future__ import annotations

from scoop_mpi._kernel.protocol import (
    Catalogue,
    Constants,
    Define,
    GiveBack,
    Lend,
    Message,
    Outcomes,
    Send,
)
from scoop_mpi._kernel.task import Block, Task


class Story:
    """Collects the lines of a transcript."""

    def __init__(self) -> None:
        self._told: list[tuple[float, str]] = []

    def __str__(self) -> str:
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        """The lines, in the order of their times; those of one rank keep their order."""
        return [line for _, line in sorted(self._told, key=lambda told: told[0])]

    def _tell(self, now: float, who: str, what: str) -> None:
        self._told.append((now, f"{now:.6f} {who:<8} {what}"))

    def made(self, now: float, rank: int, task: Task) -> None:
        """A program has made a task."""
        self._tell(now, f"{rank} makes", f"task {task.serial}: {task.key} x{task.calls}")

    def ran(self, now: float, rank: int, block: Block) -> None:
        """A rank begins to run a block."""
        source = block.source
        whose = "" if isinstance(source, Task) else f" of rank {source.owner}"
        calls = span(block.start, block.stop)
        self._tell(now, f"{rank} runs", f"task {source.serial}{whose}: {source.key}[{calls}]")

    def sent(self, now: float, sender: int, action: Send) -> None:
        """A message leaves."""
        self._tell(now, f"{sender} -> {action.to}", describe(action.message))


def span(start: int, stop: int) -> str:
    """Write calls `start` to `stop` as Python writes a slice."""
    return str(start) if stop == start + 1 else f"{start}:{stop}"


def describe(message: Message) -> str:
    """Write a message in short."""
    if isinstance(message, Lend):
        parts = ", ".join(
            f"task {part.serial} {part.key}[{span(part.start, part.stop)}]"
            for part in message.parts
        )
        return f"Lend({message.request}: {parts})"
    if isinstance(message, Outcomes):
        done = ", ".join(
            f"task {done.serial}[{span(done.start, done.stop)}]" + " failed" * done.failed
            for done in message.done
        )
        return f"Outcomes({done})"
    if isinstance(message, GiveBack):
        return f"GiveBack(task {message.serial}[{span(message.start, message.stop)}])"
    if isinstance(message, Define | Constants | Catalogue):
        names = ", ".join(item[0] for item in message.items)
        if isinstance(message, Constants) and message.gone:
            names = f"without {', '.join(message.gone)}"
        return f"{type(message).__name__}({names})"
    fields = ", ".join(f"{name}={value}" for name, value in message._asdict().items())
    return f"{type(message).__name__}({fields})"
