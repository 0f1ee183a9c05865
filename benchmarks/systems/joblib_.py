"""joblib, with its default backend (loky)."""

from systems import base

NAME = "joblib"
ROLE = "peer"
NEEDS = ("joblib",)
MPI = False
ROOT_COMPUTES = False
HELLO = """\
from joblib import Parallel, delayed
if __name__ == "__main__":
    print(Parallel(n_jobs=2)(delayed(abs)(x) for x in range(4)))
"""


def before(python, workers):
    return [python, "-W", "ignore"]


class Pool(base.Pool):
    def __enter__(self):
        from joblib import Parallel, delayed

        self.parallel, self.delayed = Parallel, delayed
        return self

    def calls(self, function, items):
        return (self.delayed(function)(item) for item in items)

    def map(self, function, items):
        return self.parallel(n_jobs=self.workers)(self.calls(function, items))

    def map_each(self, function, items):
        parallel = self.parallel(n_jobs=self.workers, batch_size=1)
        return parallel(self.calls(function, items))

    def map_chunks(self, function, items):
        parallel = self.parallel(n_jobs=self.workers, batch_size=self.chunk(items))
        return parallel(self.calls(function, items))

    def call(self, function, *args):
        # At least two jobs: a single one runs in the caller.
        return self.parallel(n_jobs=max(2, self.workers))([self.delayed(function)(*args)])[0]

    def submit(self, function, *args):
        raise base.NotOffered("no submit")

    def results_as_completed(self, function, items):
        parallel = self.parallel(
            n_jobs=self.workers, batch_size=1, pre_dispatch="all", return_as="generator_unordered"
        )
        return parallel(self.calls(function, items))


def nested_map(function, items):
    from joblib import Parallel, delayed

    return Parallel(n_jobs=2)(delayed(function)(item) for item in items)
