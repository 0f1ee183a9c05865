"""Ray on this machine."""

from systems import base

NAME = "Ray"
ROLE = "peer"
NEEDS = ("ray",)
MPI = False
ROOT_COMPUTES = False
HELLO = """\
import ray
if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, logging_level="error", log_to_driver=False)
    call = ray.remote(lambda x: abs(x))
    print(ray.get([call.remote(x) for x in range(4)]))
"""

remotes = {}
"""Functions that are known to Ray, by name."""


def before(python, workers):
    return [python, "-W", "ignore"]


def remote(function):
    import ray

    name = function.__qualname__
    if name not in remotes:
        remotes[name] = ray.remote(function)
    return remotes[name]


class Pool(base.Pool):
    def __enter__(self):
        import ray

        self.ray = ray
        ray.init(
            num_cpus=self.workers,
            include_dashboard=False,
            logging_level="error",
            log_to_driver=False,
        )
        return self

    def __exit__(self, *_):
        self.ray.shutdown()

    def map(self, function, items):
        call = remote(function)
        return self.ray.get([call.remote(item) for item in items])

    def submit(self, function, *args):
        return remote(function).remote(*args)

    def result(self, future):
        return self.ray.get(future)

    def results_as_completed(self, function, items):
        pending = [self.submit(function, item) for item in items]
        while pending:
            (first, *_), pending = self.ray.wait(pending, num_returns=1)
            yield self.ray.get(first)


def nested_map(function, items):
    import ray

    call = remote(function)
    return ray.get([call.remote(item) for item in items])
