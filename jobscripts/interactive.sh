#!/bin/bash
# Slurm, a session at the terminal: three ways, to be typed rather than submitted.
set -eu
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi

case ${1:-allocation} in
    allocation)
        # A shell in a job; each `python -m scoop_mpi` in it uses all of the job.
        salloc --ntasks=4 --time=01:00:00 python -m scoop_mpi -i
        ;;
    step)
        # No launcher of ours between: srun starts the ranks, and gives the first one the terminal.
        srun --pty --ntasks=4 --mpi="${2:-pmix}" --time=01:00:00 python -m scoop_mpi -i
        ;;
    shell)
        # A shell on a node; each `python -m scoop_mpi` typed there uses all of the job as well.
        srun --pty --ntasks=4 --time=01:00:00 bash
        ;;
esac
