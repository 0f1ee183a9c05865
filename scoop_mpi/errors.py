"""Every exception of scoop_mpi.

    ScoopError
    ├── NotStartedProperly        a call that needs the runtime, where there is none
    ├── UnguardedProgram          the program runs its main part when it is only imported
    ├── PickleError               an argument, callable or result cannot travel   (also TypeError)
    ├── WorkerLost                the ranks that ran a call were lost, more often than it may be retried
    ├── CallTimeout               a call took longer than it may     (also TimeoutError)
    ├── NotSeeded                 random numbers are asked for, and nobody gave a seed (also LookupError)
    ├── JournalError              a journal that cannot be used
    ├── RemoteError               stands in for an exception that could not travel
    └── RemoteTraceback           the cause of an exception that came from another rank

A call that raises gives its own exception to whoever asks for its result, not one of these.
Cancelled futures raise `concurrent.futures.CancelledError`; expired waits raise `TimeoutError`.
"""

from __future__ import annotations


class ScoopError(Exception):
    """Base of every exception of scoop_mpi."""


class NotStartedProperly(ScoopError):  # noqa: N818  SCOOP's own name, which programs catch
    """A call needs the runtime, and there is none on this process."""


class UnguardedProgram(ScoopError):  # noqa: N818  reads as what it is
    """A worker imports the program, and the program starts computing.

    Not raised on the root, whose program is meant to compute.
    """


class PickleError(ScoopError, TypeError):
    """A callable, an argument or a result cannot be pickled or unpickled.

    Arguments are checked by the very call that takes them; results on the rank that made them,
    and then only the future of that call raises this.
    """


class WorkerLost(ScoopError):  # noqa: N818  names the fact
    """The ranks that ran a call have died, one after the other, and it is not tried again.

    Only where the job goes on without a dead rank: elsewhere the job has ended.
    """


class CallTimeout(ScoopError, TimeoutError):  # noqa: N818  as TimeoutError
    """A call ran longer than `futures.with_options(timeout=...)` allows, and was interrupted.

    Or its rank was given up, because the call could not be interrupted.
    """


class NotSeeded(ScoopError, LookupError):  # noqa: N818  names the fact
    """A call asks for its random generator, and neither the program nor the call was given a seed."""


class JournalError(ScoopError):
    """The journal cannot be used: in use, somebody else's, damaged, or no journal at all."""


class RemoteError(ScoopError):
    """Stands in for an exception that could not be pickled: its type, text and traceback."""


class RemoteTraceback(ScoopError):  # noqa: N818  it is no error, it is where one was
    """The traceback of the rank where an exception was raised, as text.

    It is set as the `__cause__` of the exception (or at the end of its chain of causes), so that
    Python prints it. Never raised.
    """

    def __str__(self) -> str:
        return f"\n{self.args[0]}" if self.args else ""
