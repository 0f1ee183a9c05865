"""Evolve a string of a hundred ones with DEAP, evaluating each generation in parallel.

DEAP calls `toolbox.map` for everything that may be done in parallel, so one line suffices:
toolbox.register("map", futures.map). A real fitness function would take longer than counting ones.

Run:
    pip install deap
    python -m scoop_mpi -n 4 examples/deap_onemax.py

Output (generation, best and mean fitness):
    generation  0: best  64, mean 50.5
    generation  8: best  76, mean 70.9
    generation 16: best  88, mean 82.7
    generation 24: best  94, mean 89.3
    generation 32: best  99, mean 95.5
    generation 40: best 100, mean 98.8
"""

import random

from deap import algorithms, base, creator, tools

from scoop_mpi import futures

# DEAP makes classes here that individuals are pickled by: every rank needs them, so no guard around.
creator.create("FitnessMax", base.Fitness, weights=(1.0,))
creator.create("Individual", list, fitness=creator.FitnessMax)


def count_ones(individual: list[int]) -> tuple[int]:
    """Return the fitness of one individual, as the tuple that DEAP wants."""
    return (sum(individual),)


toolbox = base.Toolbox()
toolbox.register("bit", random.randint, 0, 1)
toolbox.register("individual", tools.initRepeat, creator.Individual, toolbox.bit, 100)
toolbox.register("population", tools.initRepeat, list, toolbox.individual)
toolbox.register("evaluate", count_ones)
toolbox.register("mate", tools.cxTwoPoint)
toolbox.register("mutate", tools.mutFlipBit, indpb=0.05)
toolbox.register("select", tools.selTournament, tournsize=3)
toolbox.register("map", futures.map)


def main() -> None:
    # All chance is drawn by the root, so one seed fixes the run.
    random.seed(64)
    statistics = tools.Statistics(lambda individual: individual.fitness.values[0])
    statistics.register("best", max)
    statistics.register("mean", lambda values: sum(values) / len(values))
    population = toolbox.population(n=300)
    _, logbook = algorithms.eaSimple(
        population, toolbox, cxpb=0.5, mutpb=0.2, ngen=40, stats=statistics, verbose=False
    )
    for record in logbook[::8]:
        generation, best, mean = record["gen"], record["best"], record["mean"]
        print(f"generation {generation:2}: best {best:3.0f}, mean {mean:.1f}")


if __name__ == "__main__":
    main()
