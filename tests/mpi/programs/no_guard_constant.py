"""Lacks the guard, and swallows whatever is raised."""

from scoop_mpi import shared

try:
    shared.setConst(answer=42)
except Exception:
    print("swallowed")
