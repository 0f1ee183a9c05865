"""Between ranks.

transport   the only mpi4py: frames of bytes
doorbell    how a rank that sleeps is woken
"""
