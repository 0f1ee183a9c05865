#!/bin/bash
# Grid Engine: qsub sge.sh            (`mpi`: a parallel environment of your cluster, `qconf -spl`)
#$ -N scoop_mpi
#$ -S /bin/bash
#$ -cwd
#$ -pe mpi 6
#$ -l h_rt=00:10:00

set -eu
# module load openmpi                  # your cluster's MPI, where there is one
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `qsub`

# One rank for each slot of the job, also by an MPI that does not know Grid Engine (that of PyPI).
python -m scoop_mpi examples/pi_monte_carlo.py
