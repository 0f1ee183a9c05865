"""The runtime: everything with a clock, a thread, a greenlet or a message.

What travels:

    codec       the only pickle: values and messages
    callables   what is called: encoded, named, sent once to each rank
    columns     the arguments of a map
    cargo       a callable and its arguments: what the kernel cuts and lends unseen
    source      what a stream reads, as it is needed
    outcomes    what became of calls: values and failures

How a rank works:

    transport   the only mpi4py: frames of bytes between ranks
    doorbell    how a rank that sleeps is woken
    post        the kernel of a rank, its lock, its messages
    calls       running a block of calls, and cutting it
    loop        the only greenlets: runs blocks, parks callers, rests
    ticker      serves the other ranks while user code runs
    future      what the user holds
    stream      likewise, of a map that reads as it yields
    reduction   mapReduce: folded where results are made, combined along a tree

When things go wrong, or take too long:

    neighbours  the other ranks of this node, as processes
    lifelines   connections by which the root and other hosts see each other's end
    losses      what a job does about ranks that die
    crashes     what a rank that crashes leaves to be read
    limits      how long a call may run
    identity    what a call is, across runs
    journal     the outcomes of a run, on disk
    stopping    ends a run with a journal before its time

How it begins and ends:

    program     the user's program as a module
    here        the loop of this process
    serial      the runtime of a program that nobody launched
    bootstrap   from a started process to a running rank, and back to an exit code
    ending      how a rank and a job end
    unseen      failures that nobody looked at
    stderr      what a rank tells the user
    log         the logger of programs
    settings    the numbers of this layer
"""
