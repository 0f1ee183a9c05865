"""From a command line to running ranks. Knows no MPI: it only starts who does.

cli       the command line, as Options
check     whether there is a program to run
place     whether this process is a rank already, from its environment
launch    what `python -m scoop_mpi` does when it is not: gather facts, plan, become mpirun
plan      Options and facts -> LaunchPlan: how many ranks, by which mpirun (pure)
command   LaunchPlan -> the command line and environment of mpirun (pure)
mpirun    looks for mpirun and asks which MPI it is
stdin     hands the launcher's standard input to the root, past mpirun
relay     copies a standard input that cannot be handed over
problem   what the user must put right
"""
