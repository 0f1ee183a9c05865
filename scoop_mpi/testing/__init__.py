"""For tests: of programs on real ranks, and of the rules in a virtual cluster, replayed from a seed.

    plugin       the pytest fixture `scoop_ranks`: functions and programs on n ranks
    job          ... what it gives
    called       ... the program that runs a function there

The kernel without MPI, on a virtual clock:

    operations   what a virtual program may do
    cluster      the event loop; start here
    rank         one virtual rank: what the real loop does
    runner       user code on a rank: blocks, calls, waits
    network      bytes, delays, order
    costs        what things cost
    checks       what must hold after each event and at the end
    plans        random programs as data
    programs     ... carried out on the cluster
    reference    ... and what they must come to
    story        transcripts
    soak         `python -m scoop_mpi.testing.soak`: many seeds
    utilisation  `python -m scoop_mpi.testing.utilisation`: how busy the ranks are

Nothing in the process of the tests imports MPI, and all of it may be used to try programs and policies.
"""
