"""The journal of a run: the outcome of each call that the root program makes, kept as it arrives.

The same command again takes from it what is there, and runs only the rest. A call is found by what it
is (`identity`): its code and its arguments, not its place. What raised is not kept: it runs again.

On disk: a folder of this user alone, in it an SQLite file with a rollback journal (a write-ahead log is
not safe on network file systems), one row a call: its key, its outcome, and a checksum of both, which
is looked at before anything is unpickled. One run at a time writes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from scoop_mpi._kernel.task import Task
from scoop_mpi._runtime.stderr import say
from scoop_mpi._runtime.values import codec, identity, outcomes
from scoop_mpi._runtime.values.cargo import Cargo
from scoop_mpi.errors import JournalError

_APPLICATION = 0x53434D4A
_VERSION = 1
_MAGIC = b"SQLite format 3\0"
_WRITE_EVERY_S = 0.1
_AT_ONCE = 500
"""SQLite looks up so many keys in one statement."""

Arrival = tuple[int, int, int, bool, Any]
"""Serial, start, stop, whether any failed, payload."""

Known = list[tuple[int, int, outcomes.Payload]]
"""Calls `start` to `stop` of a task, and their outcomes."""


class Journal:
    """An open journal.

    Attributes:
        taken: How many outcomes were taken from it in this run.
        kept: How many were written.

    Raises:
        JournalError: It cannot be used; nothing was changed.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.taken: int = 0
        self.kept: int = 0
        self.arrivals: deque[Arrival] = deque()
        """Outcomes of tasks, still to be written: appended by the kernel, popped by the writer."""
        self._keys: dict[int, list[bytes]] = {}
        self._functions: dict[int, tuple[Any, bytes]] = {}
        _check_folder(folder)
        self._lock = _lock(folder)
        path = os.path.join(folder, "journal.sqlite")
        self._database = _open(path, new=_check_file(path))
        self._using = threading.Lock()
        self._stop = threading.Event()
        self._told = False
        self._thread = threading.Thread(
            target=self._write_on, name="scoop_mpi journal", daemon=True
        )
        self._thread.start()

    # --- reading -----------------------------------------------------------------------------

    def known(self, task: Task, cargo: Cargo, calls: int) -> Known:
        """Return what is there of a new task's calls, and note its keys for the rest."""
        function = self._identify(cargo.function)
        keys = [identity.of_bytes(function, part) for part in cargo.identities(calls)]
        self._keys[task.serial] = keys
        found: Known = []
        with self._using:
            for start in range(0, calls, _AT_ONCE):
                rows = self._look_up(keys[start : start + _AT_ONCE])
                for index, key in enumerate(keys[start : start + _AT_ONCE], start):
                    if key in rows:
                        entry = codec.thaw(rows[key])
                        found.append((index, index + 1, (entry,)))
        self.taken += len(found)
        return found

    def _identify(self, function: Any) -> bytes:
        """Return the digest of a callable; functions are looked at once."""
        target = function.target if function.target is not None else function.load()
        known = self._functions.get(id(target))
        if known is not None and known[0] is target:
            return known[1]
        digest = identity.of_callable(target)
        if function.shared:
            self._functions[id(target)] = target, digest
        return digest

    def _look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        marks = ",".join("?" * len(keys))
        rows = self._database.execute(
            f"SELECT key, outcome, checksum FROM calls WHERE key IN ({marks})",  # noqa: S608  only marks
            keys,
        )
        found = {}
        for key, outcome, checksum in rows:
            if identity.of_bytes(key, outcome) != checksum:
                raise JournalError(
                    f"the journal {self.folder} is damaged: an outcome does not match its checksum. "
                    "It is left as it is; move it away to start anew"
                )
            found[key] = outcome
        return found

    # --- writing -----------------------------------------------------------------------------

    def _write_on(self) -> None:
        while not self._stop.wait(_WRITE_EVERY_S):
            self._write()

    def _write(self) -> None:
        """Write what has arrived; what cannot be written is told once, and tried again."""
        rows, tasks = [], []
        while self.arrivals:
            arrival = self.arrivals.popleft()
            tasks.append(arrival)
            rows += self._rows(arrival)
        if not rows:
            return
        try:
            with self._using, self._database:
                self._database.executemany("INSERT OR REPLACE INTO calls VALUES (?, ?, ?)", rows)
            self.kept += len(rows)
        except sqlite3.Error as error:
            self.arrivals.extendleft(reversed(tasks))
            if not self._told:
                self._told = True
                say(
                    f"scoop_mpi: the journal {self.folder} cannot be written ({error}). What it holds "
                    "is intact; the program goes on, and writing is tried again."
                )

    def _rows(self, arrival: Arrival) -> list[tuple[bytes, bytes, bytes]]:
        serial, start, stop, failed, payload = arrival
        keys = self._keys[serial][start:stop]
        if type(payload) is list:
            payload = [(outcomes.PLAIN, value) for value in payload]
        rows = []
        for key, entry in zip(keys, payload, strict=True):
            if not failed or entry[0] in (outcomes.PLAIN, outcomes.PICKLED):
                outcome = codec.freeze(entry)
                rows.append((key, outcome, identity.of_bytes(key, outcome)))
        return rows

    def close(self) -> None:
        """Write what is left, and let others use the journal."""
        self._stop.set()
        self._thread.join()
        self._write()
        self._database.close()
        os.close(self._lock)


# --- what is on disk -------------------------------------------------------------------------


def _check_folder(folder: str) -> None:
    """Make the folder, or see that nobody else can write to it."""
    with contextlib.suppress(FileExistsError):
        try:
            os.makedirs(folder, mode=0o700)
        except FileExistsError:
            raise
        except OSError as error:
            raise JournalError(
                f"the journal {folder} cannot be made: {error.strerror}. Name another by --journal"
            ) from error
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        raise JournalError(
            f"the journal {folder} is not a folder (links are not followed). Name another by --journal"
        )
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise JournalError(
            f"the journal {folder} belongs to somebody else, or others may write to it: it would be "
            "unpickled here. Make it yours alone: chmod 700"
        )


def _lock(folder: str) -> int:
    """Return the open lock of this run."""
    path = os.path.join(folder, "lock")
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(
            f"the journal {folder} cannot be used: {error.strerror}. Name another by --journal"
        ) from error
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(lock, 200).decode(errors="replace") or "another process"
        os.close(lock)
        raise JournalError(
            f"the journal {folder} is in use by {holder}. Wait for its end, or name another by --journal"
        ) from error
    os.ftruncate(lock, 0)
    os.write(lock, f"process {os.getpid()} on {os.uname().nodename}".encode())
    return lock


def _check_file(path: str) -> bool:
    """See that a file is ours before SQLite reads it; make it if there is none, and say so."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(
            f"{path} cannot be opened: {error.strerror}. Name another journal by --journal"
        ) from error
    try:
        status = os.fstat(file)
        head = os.read(file, 100)
    finally:
        os.close(file)
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise JournalError(
            f"{path} belongs to somebody else, or others may write to it: it would be unpickled here. "
            "Make it yours alone: chmod 600"
        )
    if not head:
        return True
    version = int.from_bytes(head[60:64], "big")
    if not head.startswith(_MAGIC) or int.from_bytes(head[68:72], "big") != _APPLICATION:
        raise JournalError(
            f"{path} is not a journal of scoop_mpi; it is left as it is. Name another by --journal"
        )
    if version != _VERSION:
        raise JournalError(
            f"{path} is of version {version}, and this scoop_mpi reads {_VERSION}. Run it with the "
            "scoop_mpi that wrote it, or move it away to start anew"
        )
    return False


def _open(path: str, *, new: bool) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(path, check_same_thread=False)
    except sqlite3.Error as error:
        raise JournalError(
            f"{path} cannot be opened: {error}. Name another journal by --journal"
        ) from error
    try:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA synchronous = FULL")
        if new:
            database.executescript(
                "BEGIN;"
                f"PRAGMA application_id = {_APPLICATION};"
                f"PRAGMA user_version = {_VERSION};"
                "CREATE TABLE calls (key BLOB PRIMARY KEY, outcome BLOB NOT NULL, "
                "checksum BLOB NOT NULL) WITHOUT ROWID;"
                "COMMIT;"
            )
        (verdict,) = database.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict != "ok":
        database.close()
        raise JournalError(
            f"{path} is damaged ({verdict}). It is left as it is; move it away to start anew"
        )
    return database
