#!/bin/bash
# Slurm: sbatch slurm.sh
#SBATCH --job-name=scoop_mpi
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --time=00:10:00

set -eu
# module load openmpi                  # your cluster's MPI, where there is one
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `sbatch`

# One rank for each task of the job: scoop_mpi reads from Slurm how many, and where.
python -m scoop_mpi examples/pi_monte_carlo.py

# By hand, the same: mpirun python -m scoop_mpi ...
# or: srun --mpi=pmix (Open MPI), srun -K --mpi=pmi2 (MPICH) python -m scoop_mpi ...
