"""The runtime: everything with a clock, a thread, a greenlet or a message.

How a rank works:

    post        the kernel of a rank, its lock, its messages
    draft       calls that were made and are no task of the kernel's yet
    work        what was made here and what runs: tasks, drafts, blocks
    loop        the only greenlets: obtains results, parks callers, rests
    calls       running a block of calls, and cutting it
    ticker      serves the other ranks while user code runs
    served      a loop that a thread of its own drives, for programs that wait elsewhere
    threads     a loop that several threads of the program use
    here        the loop of this process

What the public calls are made of:

    future      what the user holds
    stream      likewise, of a map that reads as it yields
    reduction   mapReduce: folded where results are made, combined along a tree
    everywhere  calls on every rank
    once        what a rank makes once
    seeds       random numbers by a call's place

And around it:

    values      what travels
    wire        between ranks
    faults      when things go wrong, take too long, or have to stop
    life        how a rank and a job begin and end
    seeing      what people see of a run
    settings    the numbers of this layer
    stderr      what a rank tells the user
"""
