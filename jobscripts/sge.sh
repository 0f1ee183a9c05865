#!/bin/bash
# Grid Engine: qsub sge.sh            (`mpi`: a parallel environment of your cluster, `qconf -spl`)
#$ -N scoop_mpi
#$ -S /bin/bash
#$ -cwd
#$ -pe mpi 8
#$ -l h_rt=00:10:00

set -eu
# module load openmpi                  # your cluster's MPI, where there is one
export PATH="$PWD/.venv/bin:$PATH"     # an environment with scoop_mpi, in the folder of `qsub`

hosts=()
if mpirun --version | grep -q "Open MPI" && ! ompi_info | grep -q "ras: gridengine"; then
    # An Open MPI that does not know Grid Engine (that of PyPI, say) is told where to run, and how.
    list=$(mktemp)
    awk '{ print $1 " slots=" $2 }' "$PE_HOSTFILE" > "$list"
    hosts=(--hostfile "$list" --prtemca plm_ssh_agent "qrsh -inherit -nostdin -V")
fi

# One rank for each slot of the job: mpirun knows them, so there is no -n.
mpirun "${hosts[@]}" "$PWD/.venv/bin/python" -m scoop_mpi examples/pi_monte_carlo.py
