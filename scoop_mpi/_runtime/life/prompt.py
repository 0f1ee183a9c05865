"""A Python prompt on the root, with the workers alive: `python -m scoop_mpi -i`."""

from __future__ import annotations

import sys
from typing import Any

from scoop_mpi._runtime.values import outcomes

BANNER = """\
scoop_mpi {version}: {ranks} ranks. The prompt is the root; `futures` and `shared` are imported.
End it by exit() or Ctrl-D."""


def interact(namespace: dict[str, Any], version: str, ranks: int) -> None:
    """Read and run what is typed, until its end: in IPython, if it is there and this is a terminal.

    Raises:
        SystemExit: From `exit()`, with its code.
    """
    typed: dict[str, Any] = {}
    exec("from scoop_mpi import futures, shared", typed)  # noqa: S102  what everybody would type first
    for name in ("futures", "shared"):
        namespace.setdefault(name, typed[name])
    banner = BANNER.format(version=version, ranks=ranks)
    if sys.stdin is not None and sys.stdin.isatty():
        try:
            import IPython  # noqa: PLC0415  optional, and takes long to import
        except ImportError:
            _read_lines_comfortably(namespace)
        else:
            sys.stderr.write(banner + "\n")
            IPython.start_ipython(argv=["--no-banner"], user_ns=namespace)
            return
    _console(namespace).interact(banner=banner, exitmsg="")


def _console(namespace: dict[str, Any]) -> Any:
    import code  # noqa: PLC0415  only here

    class Console(code.InteractiveConsole):
        def runcode(self, code: Any) -> None:
            """Run what was typed; its tracebacks show what the user wrote, and not us."""
            try:
                exec(code, self.locals)  # noqa: S102  a prompt is for this
            except SystemExit:
                raise
            except BaseException as error:
                error = outcomes.user_part(error)
                sys.excepthook(type(error), error, error.__traceback__)

    return Console(namespace, filename="<stdin>")


def _read_lines_comfortably(namespace: dict[str, Any]) -> None:
    """Let lines be edited, completed and recalled, where Python was built with readline."""
    try:
        import readline  # noqa: PLC0415  only here
        import rlcompleter  # noqa: PLC0415
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(namespace).complete)
    readline.parse_and_bind("tab: complete")
