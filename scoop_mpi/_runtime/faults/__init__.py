"""When things go wrong, take too long, or have to stop.

neighbours  the other ranks of this node, as processes
lifelines   connections by which the root and other hosts see each other's end
losses      what a job does about ranks that die
crashes     what a rank that crashes leaves to be read
limits      how long a call may run
journal     the outcomes of a run, on disk
stopping    ends a run with a journal before its time
"""
