# An illumination search with qdpy, which has an executor for SCOOP.
import random

import numpy as np
from qdpy import algorithms, benchmarks, containers
from qdpy.base import ParallelismManager


def main():
    np.random.seed(3)
    random.seed(3)
    grid = containers.Grid(
        shape=(16, 16),
        max_items_per_bin=1,
        fitness_domain=((-float("inf"), float("inf")),),
        features_domain=((0.0, 1.0), (0.0, 1.0)),
    )
    search = algorithms.RandomSearchMutPolyBounded(
        grid,
        budget=300,
        batch_size=100,
        dimension=3,
        optimisation_task="maximisation",
        ind_domain=(0.0, 1.0),
        sel_pb=0.5,
        init_pb=0.5,
        mut_pb=0.4,
        eta=20.0,
    )
    with ParallelismManager("scoop") as manager:
        search.optimise(
            benchmarks.illumination_rastrigin_normalised,
            executor=manager.executor,
            batch_mode=True,
        )
        print(type(manager.executor).__name__, search.nb_evaluations, len(grid) > 50)


if __name__ == "__main__":
    main()
