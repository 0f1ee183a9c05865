"""What ranks tell each other (messages) and what a machine wants done (actions).

A borrower B that runs dry, the broker K on rank 0, and a lender L meet like this:

    B ──Hungry(7)──► K                 the request stands until B confirms
    L ──Surplus────► K                 said once; stands until L refuses
                     K ──Ask(B, 7)──► L
    B ◄──────────Lend(7, parts)────── L      the arguments go straight to B
    B ──Fed(7)─────► K                 or at once Hungry(8), which says the same
    B ──────────Outcomes(...)───────► L      and the outcomes straight back
    B ──────────GiveBack(...)───────► L      calls that B could not start soon

If L has nothing (any more) it answers the broker `Refuse(B, 7)`, and the broker asks another. If a
rank dies, rank 0 tells all others `Lost`, and each owner lends again what that rank held.
Data never passes through rank 0 unless rank 0 owns it.

Annotations are evaluated, unlike elsewhere: as texts they would be compiled one by one, which takes
milliseconds of each start.
"""

from typing import Any, NamedTuple

from scoop_mpi._kernel.task import Block
from scoop_mpi._kernel.wait import Wait

BROKER = 0
"""The rank that hosts the broker and the root program."""

UNKNOWN_S = -1.0
"""The estimate of a callable that nobody has timed yet."""

UNASKED = -1
"""The request of a `Lend` that nobody asked for: its calls are for this very rank, before any others."""


# --- matchmaking -----------------------------------------------------------------------------


class Hungry(NamedTuple):
    """Borrower to broker: I am about to run dry. Stands until `Fed` with the same number."""

    request: int


class Fed(NamedTuple):
    """Borrower to broker: the work for this request has come. Also said by the next `Hungry`."""

    request: int


class Surplus(NamedTuple):
    """Owner to broker: I have calls that I have not started. Stands until I refuse."""


class Ask(NamedTuple):
    """Broker to lender: give some of your work to this borrower."""

    borrower: int
    request: int


class Refuse(NamedTuple):
    """Lender to broker: I have nothing for that request. My surplus, if I told of it, is gone."""

    borrower: int
    request: int


# --- work ------------------------------------------------------------------------------------


class Part(NamedTuple):
    """A run of calls of one task, as it travels: calls `start` to `stop` (exclusive)."""

    serial: int
    lease: int
    start: int
    stop: int
    key: str
    """What the durations of the callable are filed under."""
    seconds: float
    """The lender's estimate for one call, or UNKNOWN_S."""
    cargo: Any
    """Callable and arguments, as the runtime encoded them; the kernel never looks inside."""


class Lend(NamedTuple):
    """Lender to borrower: run these. `constants`: the newest constant the lender knows."""

    request: int
    parts: tuple[Part, ...]
    constants: int
    plenty: bool = False
    """Whether there is more for everybody: ask for it before you are dry, however long calls are."""


class Done(NamedTuple):
    """The outcomes of calls `start` to `stop` of a lease."""

    serial: int
    lease: int
    start: int
    stop: int
    failed: bool
    """Whether any of these calls raised."""
    seconds: float
    """What they took to run, waits excluded."""
    payload: Any
    """The values and errors, as the runtime encoded them."""


class Outcomes(NamedTuple):
    """Borrower to owner: what became of these calls."""

    done: tuple[Done, ...]
    constants: int


class GiveBack(NamedTuple):
    """Borrower to owner: I have not started these, and shall not soon. Lend them again."""

    serial: int
    lease: int
    start: int
    stop: int


# --- constants -------------------------------------------------------------------------------


class Define(NamedTuple):
    """Any rank to rank 0: make these constants, all of them or none.

    `setter`: the definer's name, for people. `anew`: names that the definer knew by the definition of
    this number and has forgotten; they may be made again.
    """

    ticket: int
    setter: str
    items: tuple[tuple[str, Any], ...]
    anew: tuple[tuple[str, int], ...] = ()


class Undefine(NamedTuple):
    """Any rank to rank 0: free this constant on every rank; its name may then be made anew."""

    ticket: int
    name: str


class Accepted(NamedTuple):
    """Rank 0 to the one who asked: it is done when the constants up to this number are known."""

    ticket: int
    number: int


class Denied(NamedTuple):
    """Rank 0 to the one who asked: this name exists already, set by that rank; or by nobody."""

    ticket: int
    name: str
    setter: str


class Unread(NamedTuple):
    """Rank 0 to the definer: I cannot read the memory that you refer to. Send it as a whole."""

    ticket: int


class Constants(NamedTuple):
    """From rank 0 down the tree: what has changed with this number.

    `items`: name and value of what was made. `gone`: names that were freed.
    """

    number: int
    setter: str
    definer: int
    items: tuple[tuple[str, Any], ...]
    gone: tuple[str, ...] = ()


class Newest(NamedTuple):
    """A rank to one that it tells from now on, after a loss: what is newer than this, you will get."""

    number: int


class Behind(NamedTuple):
    """A rank to the one that tells it: I know up to this number only. Send what I missed.

    `whole`: I cannot read the memory that you refer to.
    """

    number: int
    whole: bool = False


class Catalogue(NamedTuple):
    """The answer to `Behind`, and down the tree: how things stand at `number`, for those at `since`.

    `names`: every name that stands, and by which definition. `items`: name, definition, setter, definer
    and value of those that are newer than `since`, in order.
    """

    since: int
    number: int
    names: tuple[tuple[str, int], ...]
    items: tuple[tuple[str, int, str, int, Any], ...]


# --- life of the job -------------------------------------------------------------------------


class Ready(NamedTuple):
    """Worker to rank 0: the program is imported here, I take work."""


class Problem(NamedTuple):
    """Worker to rank 0: the job cannot go on, and why, in words for the user."""

    text: str
    code: int = 1
    """The exit code of the job."""


class Gone(NamedTuple):
    """Rank to rank 0: this rank of my node has ended, or was stopped; `what` is in words."""

    rank: int
    what: str


class Lost(NamedTuple):
    """Rank 0 to every rank: this rank is given up, for good. It is told too, should it still live.

    `why`: which rank, where, and what is known of its end, in words for people.
    """

    rank: int
    why: str


class Inquire(NamedTuple):
    """Any rank to every rank: what have you done so far?"""

    number: int


class Figures(NamedTuple):
    """Any rank to the asker: what it has done, as plain values that the runtime knows."""

    number: int
    figures: tuple[Any, ...]


class Halt(NamedTuple):
    """Rank 0 to every rank: the program has ended with this exit code."""

    code: int


class Records(NamedTuple):
    """Rank to rank 0, as it leaves: what was recorded here."""

    data: bytes


class Bye(NamedTuple):
    """Rank to rank 0: I have stopped, and send nothing after this."""


Message = (
    Hungry
    | Fed
    | Surplus
    | Ask
    | Refuse
    | Lend
    | Outcomes
    | GiveBack
    | Define
    | Undefine
    | Accepted
    | Denied
    | Unread
    | Constants
    | Newest
    | Behind
    | Catalogue
    | Ready
    | Problem
    | Gone
    | Lost
    | Inquire
    | Figures
    | Halt
    | Records
    | Bye
)

MESSAGES: tuple[type[Message], ...] = (
    Hungry,
    Fed,
    Surplus,
    Ask,
    Refuse,
    Lend,
    Outcomes,
    GiveBack,
    Define,
    Undefine,
    Accepted,
    Denied,
    Unread,
    Constants,
    Newest,
    Behind,
    Catalogue,
    Ready,
    Problem,
    Gone,
    Lost,
    Inquire,
    Figures,
    Halt,
    Records,
    Bye,
)
"""Every kind of message; the position of a kind is its code on the wire."""

TO_BROKER: frozenset[type[Message]] = frozenset({Hungry, Fed, Surplus, Refuse})
"""The kinds that the Broker of rank 0 takes; all others are for the rank's Worker or its host."""

VERDICTS: frozenset[type[Message]] = frozenset({Accepted, Denied, Unread})
"""Rank 0's answers to those who make or free constants."""

NEWS: frozenset[type[Message]] = VERDICTS | {Constants, Catalogue}
"""What may end a wait for constants."""

VALUES: frozenset[type[Message]] = frozenset({Define, Constants, Catalogue})
"""The kinds that hold values of constants: each item of `items` ends with one."""


# --- actions ---------------------------------------------------------------------------------


class Send(NamedTuple):
    """Send this message to that rank (which may be this very rank)."""

    to: int
    message: Message


class Run(NamedTuple):
    """Run these calls now, then report them to `Worker.finished`."""

    block: Block


class Resume(NamedTuple):
    """What this caller waited for is there."""

    wait: Wait


Action = Send | Run | Resume
Actions = list[Action]
