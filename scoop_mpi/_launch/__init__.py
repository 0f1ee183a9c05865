"""From a command line to running ranks. Knows no MPI: it only starts who does.

cli       the command line, as Options
help      what --help prints
check     whether there is a program to run
place     whether this process is a rank already, from its environment
ranges    lists of hosts in brackets
hosts     hosts, and how many ranks each gets (pure)
hostfile  files that name hosts, read and written (pure)
allocation  what a scheduler gave to this job (pure)
unseen_slots  notices that the user's own mpirun did not see the scheduler
surroundings  what is on this machine, and how many cores the hosts have
files     reads what users and schedulers write
launch    what `python -m scoop_mpi` does when it is not: plan, start mpirun
plan      Options and facts -> LaunchPlan: how many ranks, by which mpirun (pure)
command   LaunchPlan -> the command line, environment and file of hosts for mpirun (pure)
mpirun    looks for mpirun and asks which MPI it is
stdin     hands the launcher's standard input to the root, past mpirun
output    ranks write to the launcher's output, past mpirun
terminal  a terminal for the root's prompt
supervise starts mpirun, and stands between it and Ctrl-C
relay     copies a standard input that cannot be handed over
problem   what the user must put right
"""
