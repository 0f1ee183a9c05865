"""Workers for a process that is running already: a notebook, a plain script, a library's user."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Iterator

import scoop_mpi
from scoop_mpi._runtime import here
from scoop_mpi._runtime.life.bootstrap import describe_run, hang_doorbell, share_constants
from scoop_mpi._runtime.life.ending import Ending
from scoop_mpi._runtime.life.prepare import prepare
from scoop_mpi._runtime.loop import Loop
from scoop_mpi._runtime.values import codec
from scoop_mpi._runtime.wire.transport import start_ranks
from scoop_mpi.errors import ScoopError

_SETTINGS = {
    # Open MPI: more ranks than cores, as root too, and none bound to a core.
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",  # the same, for its version 4
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "PRTE_ALLOW_RUN_AS_ROOT": "1",
    "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_pml": "ob1",
    "OMPI_MCA_btl": "^ofi,uct",
}


class Started:
    """Workers that this process has started, and itself as their root."""

    def __init__(self, ranks: int) -> None:
        with _environment(ranks), _without_interrupts():
            prepare(os.environ, one_node=True, local_ranks=None)
            worker = [sys.executable, "-m", "scoop_mpi", "--of-parent"]
            try:
                transport = start_ranks(worker, ranks - 1)
            except RuntimeError as error:
                raise ScoopError(
                    f"scoop_mpi.start: MPI cannot start {ranks - 1} processes from this one: {error}. "
                    "Start the program by: python -m scoop_mpi -n N program.py"
                ) from error
        self._loop = loop = Loop(transport)
        self._transport = transport
        hang_doorbell(loop, transport)
        share_constants(loop, transport)
        self._before = codec.IMPORTABLE.guarded, codec.IMPORTABLE.names
        # What this process has defined, its workers do not have: it goes by value.
        codec.IMPORTABLE.guarded, codec.IMPORTABLE.names = True, frozenset()
        self._ending: Ending | None = Ending(loop, transport)
        self._ending.ticker.start()
        describe_run(loop, None, verbosity=1)
        here.install(loop)
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the workers; what they have not done is dropped."""
        ending, self._ending = self._ending, None
        if ending is None:
            return
        ending.finish(0)
        self._transport.part()
        codec.IMPORTABLE.guarded, codec.IMPORTABLE.names = self._before
        here.uninstall()
        scoop_mpi.IS_RUNNING = False
        atexit.unregister(self.stop)


@contextlib.contextmanager
def _environment(ranks: int) -> Iterator[None]:
    """Set what MPI and the workers need, and only while they start."""
    path = os.environ.get("PATH", os.defpath)
    cores = len(os.sched_getaffinity(0))
    wanted = _SETTINGS | {
        # The MPI that was installed beside this Python, before others.
        "PATH": os.path.dirname(sys.executable) + os.pathsep + path,
        "OMP_NUM_THREADS": str(max(1, cores // ranks)),
        # Workers have what this process has imported modules from.
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if part),
    }
    keep = {"OMP_NUM_THREADS", *_SETTINGS}
    before = {name: os.environ.get(name) for name in wanted}
    for name, value in wanted.items():
        if before[name] is None or name not in keep:
            os.environ[name] = value
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Have what is started here never hear of Ctrl-C, which a notebook sends to all its processes."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
