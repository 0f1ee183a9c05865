#!/bin/bash
# Slurm: sbatch slurm.sh
#SBATCH --job-name=scoop_mpi
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --time=00:10:00

set -eu
# module load openmpi                  # your cluster's MPI, where there is one
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `sbatch`

# One rank for each task of the job: mpirun asks Slurm, so there is no -n.
mpirun "$PWD/.venv/bin/python" -m scoop_mpi examples/pi_monte_carlo.py

# Instead of mpirun, also: srun --mpi=pmix (Open MPI) or srun --mpi=pmi2 (MPICH).
