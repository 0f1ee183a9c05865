#!/bin/bash
# LSF: bsub < lsf.sh
#BSUB -J scoop_mpi
#BSUB -n 8
#BSUB -R "span[ptile=4]"
#BSUB -W 10
#BSUB -o scoop_mpi.%J.out

set -eu
# module load openmpi                  # your cluster's MPI, where there is one
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `bsub`

# One rank for each slot of the job.
python -m scoop_mpi examples/pi_monte_carlo.py
