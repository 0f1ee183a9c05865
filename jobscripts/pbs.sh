#!/bin/bash
# PBS Pro, OpenPBS: qsub pbs.sh        (Torque: -l nodes=2:ppn=4 in place of -l select)
#PBS -N scoop_mpi
#PBS -l select=2:ncpus=4:mpiprocs=4
#PBS -l walltime=00:10:00

set -eu
cd "$PBS_O_WORKDIR"                    # PBS starts jobs in the home folder
# module load openmpi                  # your cluster's MPI, where there is one
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `qsub`

# One rank for each line of the list of nodes.
python -m scoop_mpi examples/pi_monte_carlo.py
