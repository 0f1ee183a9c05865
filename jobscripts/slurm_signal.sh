#!/bin/bash
# Slurm, a run that is longer than a job may be: it is told a minute before the end, saves what it
# has, and goes on in the next job. sbatch slurm_signal.sh
#SBATCH --job-name=scoop_mpi_long
#SBATCH --ntasks=4
#SBATCH --time=00:10:00
#SBATCH --signal=B:USR1@60
#SBATCH --requeue
#SBATCH --open-mode=append

set -u
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `sbatch`
unfinished=75                          # the status by which the program says so

# In the background: bash runs a trap only when no command in front is running.
python -m scoop_mpi examples/save_and_resume.py saved.json &
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
