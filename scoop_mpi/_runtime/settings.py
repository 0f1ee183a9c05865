"""The numbers of the runtime, in seconds, bytes and counts, and where they come from."""

SPIN_S = 1e-3
"""After traffic an idle rank polls for so long before it sleeps (not where ranks share cores):
who is asked again and again answers without having to be woken ..."""

SPIN_LEAST_S = 50e-6
"""... but less, down to this, while the answer keeps coming as soon as the rank lies down: ..."""

BLOCKED_S = 150e-6
"""... within so long. Then somebody else needed the core that it was spinning on."""

SLEEP_FRACTION = 0.1
"""An idle rank sleeps for this part of the silence so far ..."""

SLEEP_LEAST_S = 10e-6
"""... but at least this ..."""

SLEEP_MOST_S = 1e-3
"""... and at most this."""

SLEEP_MOST_SHARED_S = 5e-3
"""... or this, where ranks outnumber cores."""

NAP_S = 0.2
"""A rank that can be woken sleeps for at most this, which bounds what a lost ring costs."""

OPEN_BELLS = 256
"""A rank keeps so many pipes of others open; by default a process may have 1,024 files."""

IN_FLIGHT_S = 5e-3
"""With messages under way an idle rank polls on for so long before it sleeps."""

LAST_LOOKS = 4
"""A rank looks so many times for messages when it has said that it sleeps. Once is not enough:
Open MPI first looks, and only then fetches what has come; the next look finds it."""

TICK_S = 1e-3
"""The ticker's period while there is traffic, and its pause after it was rung ..."""

TICK_GROWTH = 3.0
"""... the factor by which it grows at each tick that finds nothing, for which the main thread has to give
its interpreter lock away, ..."""

TICK_MOST_S = 20e-3
"""... and the longest it grows to in silence, ..."""

TICK_RUNG_S = 50e-3
"""... where it can be rung, ..."""

TICK_IDLE_S = 0.1
"""... and there is nothing on this rank: each tick of an idle machine costs 0.15 to 0.25 ms."""

DOZED_TICKS = 10
"""After so many ticks at which the main thread pumped for itself the ticker stands still. Not at
once: to wake it costs the rank that has work at last."""

UNRUNG_S = 0.1
"""A ticker that can be rung looks for messages unasked only so often."""

SWITCH_INTERVAL_S = 200e-6
"""Python's thread switch interval: bounds how late the ticker gets the GIL (default 5 ms)."""

OFFER_S = 3e-3
"""A timed wait offers its calls to others for so long before it runs them itself."""

DRAW_S = 1e-3
"""Results of a stream that are there wait so long at most for items to be drawn."""

MANY_ITEMS = 10_000_000
"""A map that takes more items than this, of an iterable of unknown length, says so: it may have no end."""

INLINE_DEPTH = 24
"""So many calls run inside one another's waits; a deeper one gets a fresh greenlet."""

ALARMS = 100
"""With more timed waits than this, those that are over are swept out."""

GRACE_S = 0.5
"""A call that still runs so long after the end of the program is cut off."""

RETIRE_S = 0.05
"""How long the program's end waits for the server of its threads, which may be in a call."""

LEFT_S = 10.0
"""A thread that waits tells so long after the main thread has left calls which could go on."""

ASIDE_S = 5e-3
"""A call that used none of its time so long stands still: what it waits for may be run aside."""

LOST_S = 5.0
"""A rank that has not said goodbye so long after the end is given up."""

DOOMED_S = 1.0
"""... or, where the loss of a rank ends the job, is aborted: the library may have ended it already."""

LEAVE_LAST_S = 30e-3
"""With an exit code other than 0, rank 0 ends so long after the others (20 ms are enough)."""

LEFT_MOST_S = 2.0
"""... or, on its own node, when their parent has noticed that they ended, which it awaits so long."""

WATCH_S = 0.25
"""How often a rank looks whether its neighbours still run."""

STOPPED_S = 30.0
"""A rank whose process is stopped for so long is given up (--lost-after)."""

LIMIT_AGAIN_S = 0.02
"""A call whose time is over is interrupted again so often, until it ends ..."""

LIMIT_GRACE_S = 3.0
"""... or its rank is given up, so long after."""

STOP_S = 5.0
"""Calls on other ranks get so long to end when a run with a journal is stopped."""

PARENT_CHECK_S = 1.0
"""How often an idle or busy rank looks whether its launcher is still there."""

OUT_OF_BAND = 64 * 1024
"""Buffers of at least so many bytes travel as themselves, not inside the pickle."""

BLOCKS = 128
"""A rank shares so many large constants at once: each keeps two or three files open."""

EAGER = 60 * 1024
"""Messages up to so many bytes travel as one MPI message."""

CHUNK = 1 << 30
"""Larger buffers travel in pieces of so many bytes: MPI counts are 32 bits wide."""

NAMES_ITSELF = 64
"""Pickles of callables up to so many bytes are their own digest (a function of a module is)."""

CALLABLES = 256
"""So many callables are remembered for each pair of ranks ..."""

CALLABLE_BYTES = 512 * 1024 * 1024
"""... and so many bytes of them."""

REPEATED_BYTES = 4 << 20
"""Buffers of at least so many bytes are looked at whether they are sent again and again: ..."""

REPEATED_TIMES = 8
"""... so often to the same rank, ..."""

REPEATED_KNOWN = 256
"""... among so many."""

ANSWER_S = 2.0
"""So long a rank has to answer who asks for statistics."""

KEPT = 1 << 30
"""Blocks of memory up to so many bytes are kept for the next large buffer (see `memory`) ..."""

TRIM_S = 0.5
"""... until the rank has been idle for so long."""

DRAFT_CALLS = 4
"""A map of at most so many calls may be a draft, whose calls run one by one (see `work`)."""
