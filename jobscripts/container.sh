#!/bin/bash
# Slurm and a container (Apptainer, Singularity) that has Python, scoop_mpi and an MPI in it.
#SBATCH --job-name=scoop_mpi
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --time=00:10:00

set -eu
image=${1:-scoop_mpi.sif}

# Slurm starts a container for each rank. --mpi: pmix for Open MPI, pmi2 for MPICH in the image.
# -K: a rank that dies ends the job. PMIX_MCA_psec: no complaint where the image has no munge.
export PMIX_MCA_psec=native
srun -K --mpi=pmix apptainer exec "$image" python -m scoop_mpi examples/pi_monte_carlo.py
