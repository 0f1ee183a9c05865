"""Large constants: their bytes lie once on each node, in memory that its ranks share.

Whoever makes a constant writes its pickle and its large buffers, once, into a file in memory
(memfd) and seals it. A rank of the same node is told where: it opens the file through
/proc/PID/fd/N of the one who tells it, which needs nobody's help: not that of a rank that sits in a
long call. From then on it holds the memory itself, whoever dies. The memory has no name in any
folder, so nothing is left when the last of them has gone, however they went. A rank of another node
is sent the bytes, and does the same there.

Each rank maps the bytes for itself, private and copy-on-write: what it writes stays its own. Where
memory cannot be shared, the bytes are sent to every rank, and a warning says so once.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
from collections.abc import Sequence
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from scoop_mpi._runtime import settings
from scoop_mpi._runtime.stderr import say
from scoop_mpi._runtime.values import codec, memory
from scoop_mpi._runtime.values.codec import Pickled, raw
from scoop_mpi._runtime.wire.doorbell import out_of_the_way

_ALIGNED = 64
"""Parts of a block begin at multiples of so many bytes, as numpy's own arrays do."""

Place = tuple[int, int]
"""A process and its number for an open file."""


def node(rank: int, ranks: int) -> str:
    """Return a name that ranks have in common if they can open each other's files in /proc.

    SCOOP_MPI_PRETEND_NODES=K makes K nodes of one, for tests.
    """
    words = [str(os.geteuid())]
    with contextlib.suppress(OSError):
        words.append(os.readlink("/proc/self/ns/pid"))
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            words.append(file.read().strip())
    pretended = os.environ.get("SCOOP_MPI_PRETEND_NODES", "")
    if pretended.isdecimal():
        words.append(str(rank * min(int(pretended), ranks) // ranks))
    return " ".join(words)


class Block:
    """The bytes of one value: the pickle, then its large buffers.

    Attributes:
        token: Its name, the same on every node.
        sizes: Of each part, in bytes.
        frozen: For each part, whether it was read-only where it was made.
        maker: The rank that made it, and where it lies there; None if it lies in no file.
    """

    def __init__(
        self,
        token: str,
        sizes: Sequence[int],
        frozen: Sequence[bool],
        maker: tuple[int, Place | None],
    ) -> None:
        self.token = token
        self.sizes: tuple[int, ...] = tuple(sizes)
        self.frozen: tuple[bool, ...] = tuple(frozen)
        self.maker = maker
        self._file: int | None = None
        self._bytes = memoryview(b"")

    def __repr__(self) -> str:
        return f"Block({self.token}: {self.size} bytes{'' if self.place else ', not shared'})"

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, Block) and self.sizes == other.sizes
        return isinstance(other, Block) and same and self._bytes == other._bytes

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # equal by what may be a gigabyte

    def __del__(self) -> None:
        if self._file is not None and _is_file_of(self.token, self._file):
            os.close(self._file)

    @property
    def size(self) -> int:
        """Bytes in all, with what lies between the parts."""
        return self._starts()[-1]

    @property
    def place(self) -> Place | None:
        """Where others of this node find it."""
        return None if self._file is None else (os.getpid(), self._file)

    @property
    def bytes(self) -> memoryview:
        """What others are sent. It stays what it was, whatever this rank does to its own values."""
        return self._bytes

    def _starts(self) -> list[int]:
        """Return where each part begins, and where the last one ends."""
        starts = [0]
        for size in self.sizes:
            starts.append(-(-(starts[-1] + size) // _ALIGNED) * _ALIGNED)
        return starts

    # --- where the bytes come from -----------------------------------------------------------

    def write(self, parts: Sequence[memoryview]) -> None:
        """Share these bytes with others of this node.

        Raises:
            OSError: That cannot be done here; the block is then still empty.
        """
        file = _new_file(self.token)
        try:
            os.ftruncate(file, self.size)  # what lies between the parts is 0
            for start, part in zip(self._starts(), parts, strict=False):
                _write(file, part, start)
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
            self._hold(file)
        except OSError:
            os.close(file)
            raise

    def open(self, place: Place) -> None:
        """Share what another process of this node holds.

        Raises:
            OSError: It is not there, or this process may not look.
        """
        process, number = place
        path = f"/proc/{process}/fd/{number}"
        if os.readlink(path) != _file_name(self.token):
            raise FileNotFoundError(path)
        file = out_of_the_way(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        try:
            if not _is_file_of(self.token, file):  # that process has ended meanwhile
                raise FileNotFoundError(path)
            self._hold(file)
        except OSError:
            os.close(file)
            raise

    def keep(self, parts: Sequence[memoryview]) -> None:
        """Hold a copy of these bytes that is this process's own."""
        mine = memory.new(self.size)
        for start, part in zip(self._starts(), parts, strict=False):
            mine[start : start + part.nbytes] = part
        self._bytes = mine.toreadonly()

    def _hold(self, file: int) -> None:
        mapped = mmap.mmap(file, self.size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
        self._bytes = memoryview(mapped)
        self._file = file

    def parts_of(self, view: memoryview) -> list[memoryview]:
        """Return the parts of a view of the whole."""
        ends = zip(self._starts(), self.sizes, strict=False)
        return [view[start : start + size] for start, size in ends]

    # --- the value ---------------------------------------------------------------------------

    def load(self) -> Any:
        """Return the value anew: its buffers are this rank's own to write to, page by page."""
        view = self._bytes
        if len(self.sizes) > 1:
            view = self._private_view()
        data, *buffers = self.parts_of(view)
        for index, frozen in enumerate(self.frozen[1:]):
            if frozen:
                buffers[index] = buffers[index].toreadonly()
        return codec.loads_once(Pickled(data, tuple(buffers)))  # type: ignore[arg-type]  # bytes, too

    def _private_view(self) -> memoryview:
        if self._file is not None and _is_file_of(self.token, self._file):
            with contextlib.suppress(OSError):
                return memoryview(mmap.mmap(self._file, self.size, access=mmap.ACCESS_COPY))
        return memory.copy(self._bytes)


_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def _new_file(token: str) -> int:
    if not hasattr(os, "memfd_create"):
        raise OSError("this system has no files in memory")
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    return out_of_the_way(os.memfd_create(f"scoop_mpi {token}", flags))


def _file_name(token: str) -> str:
    return f"/memfd:scoop_mpi {token} (deleted)"


def _is_file_of(token: str, file: int) -> bool:
    """Return whether an open file is still that block: user code may have closed it."""
    try:
        return os.readlink(f"/proc/self/fd/{file}") == _file_name(token)
    except OSError:
        return False


def _write(file: int, part: memoryview, start: int) -> None:
    # Not by a mapping: a page that cannot be had would kill this process, here it is an error.
    done = 0
    while done < part.nbytes:
        done += os.pwrite(file, part[done : done + settings.CHUNK], start + done)


class Blocks:
    """The blocks of a rank: made here, and on their way from and to others.

    Args:
        nodes: The node of each rank, by `node`.
    """

    def __init__(self, rank: int, nodes: Sequence[str]) -> None:
        self._rank = rank
        self._nodes = nodes
        self._here: WeakValueDictionary[str, Block] = WeakValueDictionary()
        self._whole: set[int] = set()
        """Ranks that could not open what they were told of."""
        self._warned = False

    def make(self, pickled: Pickled) -> Pickled | Block:
        """Put a value where others of this node can read it, if it is large."""
        if pickled.size < settings.OUT_OF_BAND:
            return pickled  # what buffers it has are its own
        views = [raw(buffer) for buffer in pickled.buffers]
        parts = [memoryview(pickled.data), *views]
        frozen = [False, *(view.readonly for view in views)]
        block = Block(os.urandom(8).hex(), [part.nbytes for part in parts], frozen, (0, None))
        self._fill(block, parts)
        block.maker = self._rank, block.place
        return block

    def _fill(self, block: Block, parts: list[memoryview]) -> None:
        self._here[block.token] = block
        if sum(other.place is not None for other in self._here.values()) >= settings.BLOCKS:
            self._warn(f"{settings.BLOCKS} large ones are there already")
            block.keep(parts)
            return
        try:
            block.write(parts)
        except OSError as error:
            self._warn(error)
            block.keep(parts)

    def outward(self, to: int, value: Any) -> Any:
        """Return what travels to a rank: where it finds the bytes, or all of them."""
        if type(value) is not Block:
            return value
        place = None if to in self._whole else self._place_for(to, value)
        whole = codec.out_of_band(value.bytes) if place is None else None
        return value.token, value.sizes, value.frozen, value.maker, place, whole

    def _place_for(self, to: int, block: Block) -> Place | None:
        maker, made = block.maker
        if self._nodes[to] == self._nodes[self._rank]:
            return block.place
        return made if self._nodes[to] == self._nodes[maker] else None

    def inward(self, sender: int, value: Any) -> Any:
        """Return the value that `outward` has sent here.

        Raises:
            OSError: It cannot be read where it is said to lie.
        """
        if type(value) is not tuple:
            return value
        token, sizes, frozen, maker, place, whole = value
        known = self._here.get(token)
        if known is not None:
            return known
        block = Block(token, sizes, frozen, maker)
        if place is not None:
            block.open(place)
        elif self._nodes[sender] != self._nodes[self._rank]:
            self._fill(block, block.parts_of(memoryview(whole)))
        else:  # memory cannot be shared here, of which the sender has warned
            block.keep(block.parts_of(memoryview(whole)))
        self._here[token] = block
        return block

    def send_whole_to(self, rank: int) -> None:
        """Tell a rank no more where bytes lie: it cannot read there."""
        self._whole.add(rank)
        if self._nodes[rank] == self._nodes[self._rank]:  # else the maker may have died
            self._warn(f"rank {rank} may not open the memory of rank {self._rank}")

    def _warn(self, why: object) -> None:
        if not self._warned:
            self._warned = True
            say(
                "scoop_mpi: constants take memory on every rank, for it cannot be shared on this node "
                f"({why})."
            )


def load(encoded: Pickled | Block) -> Any:
    """Return the value of a constant, as objects of the caller's own."""
    return encoded.load() if isinstance(encoded, Block) else codec.loads(encoded)
