"""Writes docs/errors.md: every message of scoop_mpi, from the code, with what stands beside each.

    python docs/generate/errors.py          writes the page
    python docs/generate/errors.py --new    prints entries to fill in, for errors.toml

A message is a text that the package raises, warns of or writes to standard error: whatever begins
with "scoop_mpi: ", and the texts of exceptions. What it means and what to do stands in errors.toml.
A test finds messages that lack an entry, entries whose message is gone, and a page that is old.
"""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "scoop_mpi"
PAGE = REPOSITORY / "docs" / "errors.md"
ENTRIES = Path(__file__).with_suffix(".toml")

SAYING = "scoop_mpi: "
"""What the package writes to standard error begins so."""

SHORTEST = 12
"""Texts with fewer letters of their own say nothing that could be explained: they pass another's on."""

OURS = frozenset(
    [
        "ScoopError",
        "UnguardedProgram",
        "PickleError",
        "WorkerLost",
        "CallTimeout",
        "NotSeeded",
        "JournalError",
        "LaunchError",
        "UsageError",
        "ValueError",
        "TypeError",
        "TimeoutError",
        "RuntimeError",
        "warn",
    ]
)
"""What is raised with a text for people. Mistakes within the package (AssertionError) are not."""


def template(node: ast.expr | None, constants: dict[str, ast.expr]) -> str:
    """Return a text with its variable parts as {names}; empty if it is no literal text."""
    if isinstance(node, ast.Constant):
        value = node.value
        return (
            value.decode() if isinstance(value, bytes) else value if isinstance(value, str) else ""
        )
    if isinstance(node, ast.JoinedStr):
        return "".join(
            template(part, constants)
            if isinstance(part, ast.Constant)
            else template(part.value, constants)
            if isinstance(part.value, ast.Name) and template(part.value, constants)
            else f"{{{variable(part.value, constants)}}}"
            for part in node.values
            if isinstance(part, ast.Constant | ast.FormattedValue)
        )
    if isinstance(node, ast.Name):
        return template(constants.get(node.id), {})
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
    ):
        return template(node.func.value, constants)
    return ""


def variable(node: ast.expr, constants: dict[str, ast.expr]) -> str:
    """Return a short name for a variable part of a text."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call):
        names = [variable(part, constants) for part in [*node.args, node.func]]
        return next((name for name in names if name != "..."), "...")
    return "..."


def spoken(node: ast.AST) -> ast.expr | None:
    """Return the text of an exception or a warning that is made here."""
    if not isinstance(node, ast.Call) or not node.args:
        return None
    func = node.func
    name = (
        func.id
        if isinstance(func, ast.Name)
        else func.attr
        if isinstance(func, ast.Attribute)
        else ""
    )
    return node.args[0] if name in OURS else None


def docstrings(tree: ast.Module) -> set[str]:
    """Return the docstrings of a module, which nobody is told."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    return {
        ast.get_docstring(node, clean=False) or ""
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    }


def messages() -> Iterator[tuple[str, str]]:
    """Yield every message and its module; not the kernel's and the virtual cluster's: nobody is told."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name in ("testing", "_kernel"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: statement.value
            for statement in tree.body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            if isinstance(target, ast.Name)
        }
        found = {
            text
            for node in ast.walk(tree)
            if (text := template(spoken(node), constants))
            or (isinstance(node, ast.expr) and (text := template(node, {})).startswith(SAYING))
        } - docstrings(tree)
        pieces = {piece.partition("}")[2] or piece for text in found for piece in text.split("{")}
        for text in sorted(found):
            letters = "".join(piece.partition("}")[2] or piece for piece in text.split("{"))
            is_piece = text in pieces and any(text in other and text != other for other in found)
            if len(letters.removeprefix(SAYING).strip()) >= SHORTEST and not is_piece:
                yield text.strip(), str(path.relative_to(REPOSITORY))


def plain(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def beginnings(entry: dict[str, Any]) -> list[str]:
    """Return how the messages of an entry begin."""
    said = entry["said"]
    return [said] if isinstance(said, str) else list(said)


def matching(beginning: str, found: list[str]) -> list[str]:
    """Return the messages that begin so."""
    return [text for text in found if plain(text).startswith(beginning)]


def problems(entries: dict[str, list[dict[str, Any]]], found: list[str]) -> list[str]:
    """Return what is wrong with the entries: messages without one or with two, entries without any."""
    known = [begin for group in entries.values() for entry in group for begin in beginnings(entry)]
    wrong = [
        f"no message begins so any more: {begin}" for begin in known if not matching(begin, found)
    ]
    for text in found:
        count = sum(plain(text).startswith(begin) for begin in known)
        if count != 1:
            wrong.append(f"{count} entries for the message: {plain(text)}")
    return wrong


def page(entries: dict[str, list[dict[str, Any]]], where: dict[str, str]) -> str:
    """Return the page."""
    lines = [
        "# Messages, and what to do",
        "",
        "<!-- Written by docs/generate/errors.py from the code and errors.toml: change those. -->",
        "",
        "Every message of scoop_mpi, as it stands in the code; words in braces differ from case to case.",
        "A call's own exception is not here: it arrives as itself, with the remote traceback as its cause.",
        "Exit codes are in [Reliability](reliability.md#exit-codes).",
    ]
    for section, group in entries.items():
        lines += ["", f"## {section}"]
        for entry in group:
            texts = [text for begin in beginnings(entry) for text in matching(begin, list(where))]
            lines += ["", "```text"]
            for text in texts:
                lines += text.splitlines() if "\n" in text else wrapped(text)
            files = ", ".join(f"`{file}`" for file in dict.fromkeys(where[text] for text in texts))
            lines += ["```", "", f"{entry['why'].strip()} ({files})"]
    return "\n".join(lines) + "\n"


def wrapped(text: str, width: int = 84) -> list[str]:
    """Return lines of a text."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines


def current() -> tuple[str, list[str]]:
    """Return the page as it should be, and what is wrong with the entries."""
    where = dict(messages())
    entries = tomllib.loads(ENTRIES.read_text(encoding="utf-8"))
    return page(entries, where), problems(entries, list(where))


def main() -> None:
    """Write the page, or print what is missing."""
    text, wrong = current()
    if "--new" in sys.argv[1:]:
        for line in wrong:
            said = json.dumps(line.partition(": ")[2], ensure_ascii=False)
            print(f'# {line}\n[["?"]]\nsaid = {said}\nwhy = ""\n')
        return
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
