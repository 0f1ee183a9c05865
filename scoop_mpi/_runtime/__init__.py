"""The runtime: everything with a clock, a thread, a greenlet or a message.

settings    the numbers of this layer
codec       the only pickle: values, callables, failures, messages
cargo       callables and arguments of a task, cut and iterated
calls       running a block of calls and collecting what became of them
transport   the only mpi4py: frames of bytes between ranks
loop        the only greenlets: drives the kernel, runs blocks, parks callers
ticker      serves the others while user code runs
future      what the user holds
program     the user's program as a module
bootstrap   from a started process to a running rank, and back to an exit code
"""
