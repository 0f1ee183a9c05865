"""What travels: values to bytes and back, as the kernel cuts and lends them unseen.

codec       the only pickle: values and messages
callables   what is called: encoded, named, sent once to each rank
columns     the arguments of a map
cargo       a callable and its arguments
source      what a stream reads, as it is needed
outcomes    what became of calls: values and failures
blocks      large constants, held once on a node
identity    what a call is, across runs
memory      memory of large buffers, kept while it is used
"""
