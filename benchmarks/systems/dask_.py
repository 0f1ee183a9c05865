"""Dask (distributed) on this machine: workers are processes with one thread each."""

from systems import base

NAME = "Dask"
ROLE = "peer"
NEEDS = ("distributed",)
MPI = False
ROOT_COMPUTES = False
HELLO = """\
from distributed import Client
if __name__ == "__main__":
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        print(client.gather(client.map(abs, range(4))))
"""


def before(python, workers):
    return [python, "-W", "ignore"]


class Pool(base.Pool):
    def __enter__(self):
        from distributed import Client

        self.client = Client(
            n_workers=self.workers, threads_per_worker=1, dashboard_address=None, memory_limit=0
        )
        return self

    def __exit__(self, *_):
        self.client.close()
        self.client.cluster.close()

    def map(self, function, items):
        # pure=False: else equal calls are run once.
        return self.client.gather(self.client.map(function, items, pure=False))

    def submit(self, function, *args):
        return self.client.submit(function, *args, pure=False)

    def as_completed(self, tasks):
        from distributed import as_completed

        return as_completed(tasks)


def nested_map(function, items):
    from distributed import worker_client

    with worker_client() as client:
        return client.gather(client.map(function, items, pure=False))
