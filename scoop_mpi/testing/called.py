"""The program that `Ranks.call` starts: called TASK OUTCOME.

Every rank imports the module of the function from its file; the root calls the function, and writes
what it returned or raised.
"""

from __future__ import annotations

import contextlib
import importlib.util
import pickle
import sys
import traceback
from typing import Any

from scoop_mpi._runtime.values.codec import Pickled, loads


def _import_origin(name: str, file: str) -> None:
    """Import a module of the tests under the name that pickles know it by, from its very file."""
    spec = None
    with contextlib.suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(name)
    if spec is None or spec.origin != file:
        spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def _read(path: str) -> tuple[tuple[str, str] | None, Pickled]:
    with open(path, "rb") as file:
        return pickle.load(file)  # type: ignore[no-any-return]  # what `Ranks.call` has written


def _call(task: Pickled) -> tuple[Any, BaseException | None]:
    try:
        function, args, kwargs = loads(task)
        return function(*args, **kwargs), None
    except BaseException as error:  # whatever the function raises, the test shall see
        error.add_note("".join(traceback.format_exception(error)))
        return None, error


def _write(path: str, outcome: tuple[Any, BaseException | None]) -> None:
    try:
        data = pickle.dumps(outcome)
    except Exception as error:
        data = pickle.dumps((None, TypeError(f"{outcome!r} cannot be pickled: {error}")))
    with open(path, "wb") as file:
        file.write(data)


_origin, _task = _read(sys.argv[1])
if _origin is not None:
    _import_origin(*_origin)

if __name__ == "__main__":
    _write(sys.argv[2], _call(_task))
