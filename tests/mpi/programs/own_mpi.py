"""A program that uses MPI itself, beside us: our messages are on communicators of our own."""

from mpi4py import MPI

from scoop_mpi import futures


def send_to_root(x):
    if MPI.COMM_WORLD.rank:
        MPI.COMM_WORLD.isend(x, 0, tag=1).wait()
    return MPI.COMM_WORLD.rank


if __name__ == "__main__":
    ranks = list(futures.map(send_to_root, range(100)))
    sent = sum(rank != 0 for rank in ranks)
    received = [MPI.COMM_WORLD.recv(tag=1) for _ in range(sent)]
    assert sorted(received) == [x for x, rank in enumerate(ranks) if rank]
    print("ok")
