"""scoop.logger tells the time, the worker and the module beside the message."""

import scoop_mpi

if __name__ == "__main__":
    scoop_mpi.logger.warn("This is a warning!")
