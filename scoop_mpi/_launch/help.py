"""What `python -m scoop_mpi --help` prints."""

HELP = """\
Run a Python program in parallel: one root and many workers, over MPI.

  python -m scoop_mpi [options] [--] program.py [arguments...]
  python -m scoop_mpi [options] -m package.module [arguments...]

How many, and where (inside a scheduler's job, nothing need be said):
  -n N                  number of ranks, the root included (default: one a core;
                        1 runs the program in this process, without MPI)
  --host A A B ...      hosts, one word a rank; ends at an option or the program
  --hostfile FILE       lines "host 4", "node[01-04] 8"; without number: cores
What runs there:
  -i, --interactive     a prompt on the root, after the program if there is one
  --path DIR            run there             --nice N    at this niceness
  --pythonpath P        more module folders   --prolog F  sourced by bash first
  --env NAME[=VALUE]    more environment      --python-interpreter P
  --no-scoop-alias      let "import scoop" find SCOOP instead of scoop_mpi
To go on another time:
  --journal DIR         keep outcomes there; the same command runs only the rest
  --time-left S         stop (code 75) before S seconds are over; auto: Slurm
When a rank dies (with Open MPI 5 the others go on):
  --retries N           run a call again that was lost with its rank (2 times)
  --lost-after S        give a rank up that is stopped for S seconds (30)
How ranks are started:
  --mpi NAME            openmpi, mpich, intel, srun; auto: what is there
  --mpi-args TEXT       more options for mpirun or srun, quoted as in a shell
  --ssh-executable X    what reaches other hosts (--rsh: rsh)
  --dry-run             print the command that would start the ranks, and stop
  --check               start the ranks, tell what each of them is, and stop
What is told:
  -v, --verbose         more of the log; twice for all of it   -q, --quiet  less
  --label               rank before each line --profile   time of functions
  --progress            how far it is, live   --stats     what each rank did
  --report F, --trace F the run as a page, or as a timeline for Perfetto
  --debug               -vv, and the traceback of each thread if Python crashes
  -h, --help            this page                              -V, --version

Examples:
  python -m scoop_mpi -n 4 examples/pi_monte_carlo.py
  python -m scoop_mpi --hostfile hosts -vv -n 6 program.py its arguments
  mpirun -n 4 python -m scoop_mpi program.py      (ranks of your own mpirun)
"""
