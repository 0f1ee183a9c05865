"""What a call *is*, across runs: a digest of its callable's code and of its arguments.

The code of a function is its own and that of every function, class and plain value of the program
that it names, and so on from there. Installed packages and the standard library stand for
themselves by name.
"""

from __future__ import annotations

import functools
import os
import sys
import types
from typing import Any

from scoop_mpi._runtime.values.codec import ATOMS, dumps, raw


def of_bytes(*parts: bytes | memoryview) -> bytes:
    """Return a digest of these parts."""
    import hashlib  # noqa: PLC0415  costs start-up time, and most runs keep no journal

    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def of_value(value: Any) -> bytes:
    """Return bytes that are the same for equal values, as a rule; different ones for others.

    Raises:
        PickleError: It cannot be pickled.
    """
    pickled = dumps(value)
    return of_bytes(pickled.data, *(raw(buffer) for buffer in pickled.buffers))


def of_callable(target: Any) -> bytes:
    """Return a digest of a callable: its name, its code, and what it holds."""
    found: list[bytes] = []
    _walk(target, found, set())
    return of_bytes(*found)


def _walk(target: Any, found: list[bytes], seen: set[int]) -> None:
    """Collect what makes up a callable, or a value that a function names."""
    if id(target) in seen:
        return
    seen.add(id(target))
    name = f"{getattr(target, '__module__', '')}.{getattr(target, '__qualname__', '')}"
    if isinstance(target, functools.partial):
        _walk(target.func, found, seen)
        found.append(of_value((target.args, target.keywords)))
    elif isinstance(target, types.MethodType):
        _walk(target.__func__, found, seen)
        _walk_object(target.__self__, found, seen)
    elif isinstance(target, types.FunctionType):
        found.append(name.encode())
        if not _is_installed(target.__module__):
            _walk_function(target, found, seen)
    elif isinstance(target, type):
        found.append(name.encode())
        if not _is_installed(target.__module__):
            members = [_function_in(vars(target)[name]) for name in sorted(vars(target))]
            for part in (*target.__bases__, *members):
                _walk(part, found, seen)
    elif type(target) in ATOMS:
        found.append(repr(target).encode())
    elif isinstance(target, types.BuiltinFunctionType | types.ModuleType):
        found.append((name if callable(target) else target.__name__).encode())
    elif callable(target):
        _walk_object(target, found, seen)


def _walk_function(function: types.FunctionType, found: list[bytes], seen: set[int]) -> None:
    names = _walk_code(function.__code__, found)
    found += map(of_value, filter(None, (function.__defaults__, function.__kwdefaults__)))
    for cell in function.__closure__ or ():
        try:
            held = cell.cell_contents
        except ValueError:  # not filled yet
            continue
        if callable(held) or isinstance(held, types.ModuleType):
            _walk(held, found, seen)
        else:
            found.append(of_value(held))
    for name in sorted(names & function.__globals__.keys()):
        _walk(function.__globals__[name], found, seen)


def _walk_code(code: types.CodeType, found: list[bytes]) -> set[str]:
    """Collect a code object and those in it; return the names that they look up."""
    names = set(code.co_names)
    found.append(code.co_code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _walk_code(constant, found)
        elif isinstance(constant, frozenset):
            found.append(repr(sorted(map(repr, constant))).encode())
        else:
            found.append(repr(constant).encode())
    found.append(" ".join(code.co_names).encode())
    return names


def _walk_object(target: Any, found: list[bytes], seen: set[int]) -> None:
    _walk(type(target), found, seen)
    for _, held in sorted(getattr(target, "__dict__", {}).items()):
        if isinstance(held, types.FunctionType):
            _walk(held, found, seen)
    found.append(of_value(target))


def _function_in(member: Any) -> Any:
    """Return the function of a method, of whichever kind."""
    if isinstance(member, property):
        return member.fget
    return getattr(member, "__func__", member)


def _is_installed(module: str | None) -> bool:
    file = getattr(sys.modules.get(module or ""), "__file__", None)
    return module == "builtins" or (
        isinstance(file, str) and os.path.realpath(file).startswith(_installed())
    )


@functools.cache
def _installed() -> tuple[str, ...]:
    """Return the folders of the standard library and of installed packages."""
    import sysconfig  # noqa: PLC0415  as above

    paths = sysconfig.get_paths()
    return tuple(
        {os.path.realpath(paths[name]) + os.sep for name in ("stdlib", "purelib", "platlib")}
    )
