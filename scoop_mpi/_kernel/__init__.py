"""The kernel: the rules of sharing work, as pure state machines.

No input or output, no clock, no chance that is not handed in: `now` is an argument everywhere.
What crosses ranks is a frozen message (`protocol`); what happens on this rank is a method call
(`worker`, `broker`); what must be done about it is a returned list of actions. The same classes
run over MPI (`scoop_mpi._runtime`) and in the virtual cluster (`scoop_mpi.testing`).

    protocol    the messages and the actions
    spans       which calls of a task: runs of indices
    task        an owner's record of a task, a borrower's record of a loan
    wait        what a parked caller waits for
    policy      how much to lend, how much to run at a time: every number in one place
    worker      the part of every rank that owns, runs, lends and borrows tasks; built on
    owner       ... what a rank made, and what has arrived for it
    lender      ... calls that go to other ranks and come back
    recovery    ... calls whose rank was lost
    broker      the matchmaker on rank 0
    constants   names that are set once and reach every rank
    tree        along which ranks they do
"""
