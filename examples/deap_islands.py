"""Evolve strings of ones on several islands at once, and let the best move on to the next island.

Two levels of parallelism: islands are tasks, and each island evaluates its population by a map of its
own. The toolbox, futures.map and all, travels inside the tasks.

Run:
    pip install deap
    python -m scoop_mpi -n 4 examples/deap_islands.py

Output (generation, best fitness of each island):
    generation  5:  71  76  73  71
    generation 10:  79  81  81  77
    generation 15:  83  84  89  85
    generation 20:  89  89  89  91
    generation 25:  93  94  94  94
    generation 30:  96  95  97  96
    generation 35:  98  97  98  98
    generation 40:  99  99  99  99
"""

import random
from functools import partial

from deap import algorithms, base, creator, tools

from scoop_mpi import futures

ISLANDS, GENERATIONS, STAY = 4, 40, 5

creator.create("FitnessMax", base.Fitness, weights=(1.0,))
creator.create("Individual", list, fitness=creator.FitnessMax)


def count_ones(individual: list[int]) -> tuple[int]:
    return (sum(individual),)


def evolve(toolbox: base.Toolbox, island: int, population: list, first_generation: int) -> list:
    """Evolve one island's population for STAY generations."""
    for generation in range(first_generation, first_generation + STAY):
        # While a map is waited for, this rank may run another island, and both draw from Python's
        # one `random`. Seeding after each wait keeps their chances apart, and the run repeatable.
        random.seed(generation * ISLANDS + island)
        parents = toolbox.select(population, len(population))
        population = algorithms.varAnd(parents, toolbox, cxpb=0.5, mutpb=0.2)
        for individual, fitness in zip(population, toolbox.map(toolbox.evaluate, population)):
            individual.fitness.values = fitness
    return population


def make_toolbox() -> base.Toolbox:
    toolbox = base.Toolbox()
    toolbox.register("bit", random.randint, 0, 1)
    toolbox.register("individual", tools.initRepeat, creator.Individual, toolbox.bit, 100)
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("evaluate", count_ones)
    toolbox.register("mate", tools.cxTwoPoint)
    toolbox.register("mutate", tools.mutFlipBit, indpb=0.05)
    toolbox.register("select", tools.selTournament, tournsize=3)
    toolbox.register("map", futures.map)
    return toolbox


def main() -> None:
    random.seed(64)
    toolbox = make_toolbox()
    islands = [toolbox.population(n=100) for _ in range(ISLANDS)]
    for individual in sum(islands, []):
        individual.fitness.values = toolbox.evaluate(individual)

    for generation in range(0, GENERATIONS, STAY):
        step = partial(evolve, toolbox, first_generation=generation)
        islands = list(toolbox.map(step, range(ISLANDS), islands))
        best = [max(individual.fitness.values[0] for individual in island) for island in islands]
        print(f"generation {generation + STAY:2}:", *(f"{fitness:3.0f}" for fitness in best))
        tools.migRing(islands, 5, tools.selBest)


if __name__ == "__main__":
    main()
