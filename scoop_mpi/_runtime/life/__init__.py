"""How a rank and a job begin and end.

program     the user's program as a module
prepare     what must be set before MPI and numpy are imported
bootstrap   from a started process to a running rank, and back to an exit code
serial      the runtime of a program that nobody launched
start       workers for a process that is running already
prompt      a prompt on the root
checkup     what `--check` tells
log         the logger of programs
ending      how a rank and a job end
unseen      failures that nobody looked at
"""
