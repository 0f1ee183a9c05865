"""The snippets of docs/works-with.md do with the real libraries what they do there without us.

A snippet is run in a frame, which defines what it uses and judges what it has found. Libraries that
only these tests need have an environment of their own, which `.ci/libraries FOLDER` makes and
SCOOP_MPI_LIBRARIES names.
"""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import REPOSITORY, Command

PAGE = REPOSITORY / "docs" / "works-with.md"

LIBRARIES = Path(os.environ.get("SCOOP_MPI_LIBRARIES", ""))
PYTHON = str(LIBRARIES.absolute() / "bin" / "python")

SIZES = [1, 2, 3]


class Frame(NamedTuple):
    """What stands before a snippet, at the top of its program; and after it, under the guard."""

    before: str
    after: str


WORK = """\
import os
import time

ranks = set()
values = []


def work(x):
    time.sleep(0.01)
    return x * x
"""

SQUARES = "assert list(values) == [i * i for i in range(8)], values"
ANY_ORDER = "assert sorted(values) == [i * i for i in range(8)], values"

FRAMES = {
    "concurrent.futures": Frame(WORK, "assert total == 140"),
    "asyncio": Frame(WORK, SQUARES),
    "multiprocessing": Frame(WORK, f"{SQUARES}\nassert (pairs, later) == ([8, 9], 9)"),
    "joblib": Frame(WORK, SQUARES),
    "scikit-learn": Frame(
        "",
        """\
alone = GridSearchCV(SVC(), {"C": [0.1, 1, 10], "gamma": [0.1, 1]}, cv=3)
alone.fit(*load_iris(return_X_y=True))
assert search.best_params_ == alone.best_params_ and search.best_score_ == alone.best_score_
""",
    ),
    "scipy": Frame(
        "from scipy.optimize import rosen\n",
        """\
alone = differential_evolution(
    rosen, [(0, 2)] * 3, updating="deferred", rng=1, maxiter=20
)
assert found.fun == alone.fun and found.nfev == alone.nfev
""",
    ),
    "DEAP": Frame(
        """\
import random
from deap import algorithms, base, creator, tools

creator.create("FitnessMax", base.Fitness, weights=(1.0,))
creator.create("Individual", list, fitness=creator.FitnessMax)
toolbox = base.Toolbox()
toolbox.register("bit", random.randint, 0, 1)
toolbox.register("individual", tools.initRepeat, creator.Individual, toolbox.bit, 20)
toolbox.register("population", tools.initRepeat, list, toolbox.individual)
toolbox.register("mate", tools.cxTwoPoint)
toolbox.register("mutate", tools.mutFlipBit, indpb=0.05)
toolbox.register("select", tools.selTournament, tournsize=3)


def evaluate(individual):
    return (sum(individual),)


toolbox.register("evaluate", evaluate)


def evolve():
    random.seed(1)
    population = toolbox.population(30)
    return algorithms.eaSimple(population, toolbox, 0.5, 0.2, 5, verbose=False)[0]
""",
        """\
together = evolve()
toolbox.unregister("map")
toolbox.register("map", map)
assert evolve() == together
""",
    ),
    "pymoo": Frame(
        """\
import numpy as np
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.problem import ElementwiseProblem
from pymoo.optimize import minimize


class Sphere(ElementwiseProblem):
    def __init__(self, **options):
        super().__init__(n_var=3, n_obj=1, xl=-1.0, xu=1.0, **options)

    def _evaluate(self, x, out, *args, **kwargs):
        out["F"] = np.sum(x**2)
""",
        'alone = minimize(Sphere(), GA(pop_size=12), ("n_gen", 5), seed=1)\nassert best.F == alone.F',
    ),
    "nevergrad": Frame(
        "import numpy as np\n\n\ndef sphere(x):\n    return float(np.sum((x - 0.5) ** 2))\n",
        "assert optimizer.num_tell == 40 and sphere(best.value) < 0.5",
    ),
    "adaptive": Frame(
        "def peak(x):\n    return x + 0.01 / (0.01 + x**2)\n", "assert learner.npoints >= 30"
    ),
    "emcee": Frame(
        """\
import numpy as np

start = np.random.default_rng(1).normal(size=(8, 2))


def log_prob(x):
    return -0.5 * np.sum(x**2)
""",
        "assert sampler.get_chain().shape == (20, 8, 2)",
    ),
    "dynesty": Frame(
        """\
import numpy as np

generator = np.random.default_rng(1)


def log_likelihood(x):
    return -0.5 * np.sum(x**2)


def prior_transform(u):
    return 10 * u - 5
""",
        "assert np.all(np.diff(sampler.results.logl) >= 0) and len(sampler.results.logl) >= 60",
    ),
    "Dask": Frame(
        WORK,
        """\
assert value == 140
import dask.array

with Executor() as executor:
    x = dask.array.arange(1000, chunks=100)
    assert (x * x).sum().compute(scheduler=executor) == 332833500
""",
    ),
    "tqdm": Frame(WORK, ANY_ORDER),
    "rich": Frame(WORK, ANY_ORDER),
}

HERE = (
    "concurrent.futures",
    "asyncio",
    "multiprocessing",
    "joblib",
    "scikit-learn",
    "scipy",
    "DEAP",
)
"""Run in the environments of the other tests, under each MPI."""


def snippets() -> dict[str, str]:
    """Return the snippets of the page by the name of the library, which is the section's title."""
    sections = re.split(r"^###? ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {}
    for section in sections[1:]:
        blocks = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
        if blocks:
            (found[section.partition("\n")[0]],) = blocks
    return found


SNIPPETS = snippets()


def test_each_snippet_has_its_frame() -> None:
    """So that none is left out."""
    assert set(SNIPPETS) == set(FRAMES)
    assert set(HERE) <= set(FRAMES)


@pytest.mark.parametrize("ranks", SIZES)
@pytest.mark.parametrize("name", HERE)
def test_it_works_under_each_mpi(
    command: Command, mpi_python: str, tmp_path: Path, name: str, ranks: int
) -> None:
    """On any number of ranks it gives what it gives alone."""
    run(command, mpi_python, tmp_path, name, ranks)


@pytest.mark.skipif(Path() == LIBRARIES, reason="needs the environment that .ci/libraries makes")
@pytest.mark.parametrize("ranks", SIZES)
@pytest.mark.parametrize("name", [name for name in FRAMES if name not in HERE])
def test_it_works(command: Command, tmp_path: Path, name: str, ranks: int) -> None:
    """As above."""
    run(command, PYTHON, tmp_path, name, ranks)


def run(command: Command, python: str, folder: Path, name: str, ranks: int) -> None:
    """Run a snippet in its frame."""
    before, after = FRAMES[name]
    main = textwrap.indent(f"{SNIPPETS[name]}\n{after}\nprint('ok')\n", "    ")
    (folder / "program.py").write_text(f'{before}\n\nif __name__ == "__main__":\n{main}')
    launch = ["-W", "ignore", "-m", "scoop_mpi", "-n", str(ranks), "program.py"]
    ended = command(python, *launch, cwd=folder)
    assert ended.status == 0, ended.stderr
    # Not the last line always: a callback may print when it likes.
    assert "ok" in ended.stdout.splitlines(), ended


@pytest.mark.parametrize("ranks", SIZES)
def test_joblib_s_other_ways(command: Command, mpi_python: str, tmp_path: Path, ranks: int) -> None:
    """Batches, generators, failures, timeouts, nested calls, forests."""
    program = Path(__file__).parent / "programs" / "with_joblib.py"
    ended = command(mpi_python, "-m", "scoop_mpi", "-n", str(ranks), program, cwd=tmp_path)
    assert (ended.status, ended.stdout) == (0, "ok\n"), ended.stderr
