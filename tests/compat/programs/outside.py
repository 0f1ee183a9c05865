# How programs find out whether a launcher started them.
import scoop_mpi

found = []
for name in ("worker", "IS_ORIGIN", "SIZE", "MAIN_MODULE"):
    try:
        getattr(scoop_mpi, name)
    except AttributeError:
        continue
    found.append(name)

if __name__ == "__main__":
    print(scoop_mpi.IS_RUNNING, found)
