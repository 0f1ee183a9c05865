"""joblib's ways, on the ranks."""

import multiprocessing
import os
import time

import joblib
from joblib import Parallel, delayed
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV

import scoop_mpi
import scoop_mpi.joblib


def square(x):
    return x * x


def squares(n):
    return [square(i) for i in range(n)]


def slow(x):
    time.sleep(0.001)
    return x * x


def inner(n):
    """In parallel itself: meanwhile other calls lie upon this one."""
    total = 0
    for i in range(n):
        assert joblib.parallel.get_active_backend()[0].nesting_level == 1
        total += sum(Parallel(n_jobs=2)(delayed(slow)(j) for j in [i, 0, 0, 0]))
    return total


def fail(x):
    if x == 3:
        raise LookupError(x)
    return x


def where(_):
    time.sleep(0.02)
    return os.getpid()


def main():
    ranks = set()
    while len(ranks) < scoop_mpi.SIZE:  # some may still import scikit-learn
        ranks |= set(Parallel()(delayed(where)(i) for i in range(10 * scoop_mpi.SIZE)))
    assert Parallel()(delayed(square)(i) for i in range(3000)) == squares(3000)
    assert Parallel(n_jobs=2)(delayed(inner)(i) for i in range(20)) == [
        sum(squares(i)) for i in range(20)
    ]
    for failing in (fail, inner_fail):
        try:
            Parallel(n_jobs=2)(delayed(failing)(i) for i in range(20))
        except LookupError as error:
            assert error.args == (3,)
        else:
            raise AssertionError("no failure")
    assert list(
        Parallel(n_jobs=2, return_as="generator")(delayed(square)(i) for i in range(50))
    ) == squares(50)
    unordered = Parallel(n_jobs=2, return_as="generator_unordered")(
        delayed(square)(i) for i in range(50)
    )
    assert sorted(unordered) == squares(50)
    try:
        Parallel(timeout=0.1, n_jobs=2)(delayed(time.sleep)(i) for i in [0.5, 0.5])
    except (TimeoutError, multiprocessing.TimeoutError):
        pass
    else:
        raise AssertionError("no timeout")
    X, y = load_iris(return_X_y=True)
    forest = RandomForestClassifier(20, n_jobs=2, random_state=0).fit(X, y)
    alone = RandomForestClassifier(20, n_jobs=1, random_state=0).fit(X, y)
    assert (forest.predict(X) == alone.predict(X)).all()
    # A search over forests, each of which is parallel, too.
    search = GridSearchCV(
        RandomForestClassifier(n_jobs=2, random_state=0), {"n_estimators": [2, 5]}, cv=2
    )
    search.fit(X, y)
    assert search.best_params_["n_estimators"] in (2, 5)


def inner_fail(x):
    return Parallel(n_jobs=2)(delayed(fail)(i) for i in [x, x])


if __name__ == "__main__":
    with joblib.parallel_config(backend="scoop_mpi"):
        main()
    print("ok")
