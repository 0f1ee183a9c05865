#!/bin/bash
# Slurm, several runs of one program: sbatch slurm_array.sh
#SBATCH --job-name=scoop_mpi_runs
#SBATCH --array=1-3
#SBATCH --ntasks=2
#SBATCH --time=00:10:00
#SBATCH --output=run-%a.out

set -eu
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `sbatch`

# The run's number is in the environment of every rank, and here an argument as well.
python -m scoop_mpi examples/pi_monte_carlo.py "${SLURM_ARRAY_TASK_ID}0"
