#!/bin/bash
# Slurm, a run that is longer than a job may be, of a program that knows nothing of that: a journal
# keeps what is done, and the next job goes on from there. sbatch slurm_journal.sh
#SBATCH --job-name=scoop_mpi_journal
#SBATCH --ntasks=4
#SBATCH --time=00:10:00
#SBATCH --signal=B:USR1@60
#SBATCH --requeue
#SBATCH --open-mode=append

set -u
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `sbatch`
unfinished=75                          # the status of a run that was stopped in time

# In the background: bash runs a trap only when no command in front is running.
python -m scoop_mpi --journal journal examples/mandelbrot.py &
run=$!
trap 'kill -USR1 "$run"' USR1
wait "$run"
status=$?
while kill -0 "$run" 2> /dev/null; do  # a signal has ended the wait, not the run
    wait "$run"
    status=$?
done
if [ "$status" -eq "$unfinished" ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
