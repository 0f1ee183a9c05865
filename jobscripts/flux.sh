#!/bin/bash
# Flux: flux batch flux.sh
#flux: --job-name=scoop_mpi
#flux: --nodes=2
#flux: --nslots=8
#flux: --time-limit=10m

set -eu
# module load openmpi                  # your cluster's MPI, where there is one
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `flux batch`

# Only Flux itself knows how many slots the job has: say it again.
python -m scoop_mpi -n 8 examples/pi_monte_carlo.py
