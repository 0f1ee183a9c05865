"""Draws docs/pictures/*.svg from the code's own tables: the layers of setup.cfg, the messages of protocol.py.

python docs/generate/pictures.py        draws them; a test finds those that are old
"""

from __future__ import annotations

import ast
import configparser
import re
from html import escape
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "docs" / "pictures"

_STYLE = """\
<style>
text { font: 13px sans-serif; fill: #333 }
.name { font: 600 13px monospace }
.small { font-size: 11px; fill: #666 }
.box { fill: #eef3f8; stroke: #7a93ab }
.line { stroke: #999; stroke-dasharray: 3 3 }
.arrow { stroke: #35608a; stroke-width: 1.5; marker-end: url(#head) }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" fill="#35608a"/></marker></defs>
"""


def svg(width: int, height: int, title: str, parts: list[str]) -> str:
    """Return a picture, on white, so that it can be read on a dark page, too."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'role="img"><title>{escape(title)}</title>\n'
    )
    ground = f'<rect width="{width}" height="{height}" fill="#fff"/>\n'
    return head + _STYLE + ground + "\n".join(parts) + "\n</svg>\n"


def text(x: int, y: int, words: str, kind: str = "", anchor: str = "start") -> str:
    """Return a line of text."""
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def first_sentence(path: Path) -> str:
    """Return what a module says that it is."""
    if path.is_dir():
        path /= "__init__.py"
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = " ".join(said.split("\n\n")[0].split())
    sentence = re.split(r"(?<=[.])\s|: (?=map)", first)[0].removesuffix(".")
    return sentence.removeprefix("scoop_mpi: ")


# --- layers ----------------------------------------------------------------------------------


def layers() -> list[list[str]]:
    """Return the modules of each layer, the highest first."""
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    lines = config["importlinter:contract:layers"]["layers"].split("\n")
    rows = [re.findall(r"(\()?scoop_mpi\.(\w+)", line) for line in lines]
    found = [
        [name for optional, name in row if module(name).exists() or not optional] for row in rows
    ]
    return [row for row in found if row]


def module(name: str) -> Path:
    """Return the file or the folder of a module of the package."""
    folder = REPOSITORY / "scoop_mpi" / name
    return folder if folder.is_dir() else folder.with_suffix(".py")


def draw_layers() -> str:
    """Draw a box for each layer, and what each module in it says that it is."""
    parts, y = [], 12
    for row in layers():
        height = 14 + 20 * len(row)
        parts.append(f'<rect x="12" y="{y}" width="776" height="{height}" rx="5" class="box"/>')
        for number, name in enumerate(row):
            line = y + 20 + 20 * number
            said = first_sentence(module(name))
            parts.append(text(26, line, name, "name"))
            parts.append(text(150, line, said if len(said) < 105 else f"{said[:102]}...", "small"))
        y += height + 8
    title = "The layers: a module imports only from those below its own"
    return svg(800, y + 24, title, [*parts, text(12, y + 12, title, "small")])


# --- messages --------------------------------------------------------------------------------


class Kind(NamedTuple):
    """A kind of message, by what its docstring says: "Sender to receiver: what"."""

    name: str
    start: int
    """The lane of its sender: 0 for workers, 1 for rank 0, 2 for owners and lenders."""

    stop: int
    what: str


LANES = {"broker": 1, "rank 0": 1, "lender": 2, "owner": 2}
"""Who stands where; all others send from the left. From rank 0 to whomever goes to the right."""


def lanes_of(said: str, known: dict[str, Kind]) -> tuple[int, int]:
    """Return the lanes of sender and receiver."""
    answer = re.match(r"The answer to `(\w+)`", said)
    if answer and answer[1] in known:
        return known[answer[1]].stop, known[answer[1]].start
    ends = re.match(r"([\w ]+?) to ([\w ]+)", said)
    sender, receiver = (ends[1].lower(), ends[2].lower()) if ends else ("rank 0", "every rank")
    start = LANES.get(sender, 0)
    return start, LANES.get(receiver, 2 if start != 2 else 0)


def kinds() -> dict[str, Kind]:
    """Return the kinds of messages by name, in the order of the protocol."""
    path = REPOSITORY / "scoop_mpi" / "_kernel" / "protocol.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tables = [node.value for node in tree.body if isinstance(node, ast.AnnAssign)]
    listed = {
        name.id
        for table in tables
        if isinstance(table, ast.Tuple)
        for name in table.elts
        if isinstance(name, ast.Name)
    }
    found: dict[str, Kind] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in listed:
            said = " ".join((ast.get_docstring(node) or "").split())
            what = re.split(r"(?<=[.])\s", said.partition(": ")[2] or said)[0].removesuffix(".")
            found[node.name] = Kind(node.name, *lanes_of(said, found), what)
    return found


def draw_messages() -> str:
    """Draw an arrow for each kind of message, from who sends it to who gets it."""
    lanes = (110, 350, 590)
    titles = ("a worker: hungry, a borrower", "rank 0: the Broker", "a worker: an owner, a lender")
    parts = [text(x, 24, title, "", "middle") for x, title in zip(lanes, titles, strict=True)]
    y = 56
    for kind in kinds().values():
        start, stop = lanes[kind.start], lanes[kind.stop]
        parts.append(f'<line x1="{start}" y1="{y}" x2="{stop}" y2="{y}" class="arrow"/>')
        parts.append(text((start + stop) // 2, y - 5, kind.name, "name", "middle"))
        parts.append(text(lanes[-1] + 20, y + 4, kind.what, "small"))
        y += 32
    lines = [f'<line x1="{x}" y1="32" x2="{x}" y2="{y - 10}" class="line"/>' for x in lanes]
    return svg(1080, y, "What ranks tell each other", lines + parts)


PICTURES = {"layers.svg": draw_layers, "messages.svg": draw_messages}


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
