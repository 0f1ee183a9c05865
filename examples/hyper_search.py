"""Search for the best settings of a classifier of breast tumours, by cross-validation.

One task for each pair of settings. The data set (569 tumours, 30 measurements each) comes with
scikit-learn; every rank loads it once, when it imports this module, and only settings travel.

Run:
    pip install scikit-learn
    python -m scoop_mpi -n 4 examples/hyper_search.py

Output:
    C = 10     gamma = 0.01    accuracy 98.2%
    C = 1000   gamma = 0.0001  accuracy 98.1%
    C = 100    gamma = 0.001   accuracy 97.9%
    C = 10     gamma = 0.001   accuracy 97.9%
    C = 100    gamma = 0.0001  accuracy 97.7%
"""

from itertools import product

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from scoop_mpi import futures

MEASUREMENTS, MALIGNANT = load_breast_cancer(return_X_y=True)
FOLDS = StratifiedKFold(5, shuffle=True, random_state=1)


def accuracy(setting: tuple[float, float]) -> float:
    """Return how often a support vector machine with these settings is right on tumours it has not seen."""
    c, gamma = setting
    model = make_pipeline(StandardScaler(), SVC(C=c, gamma=gamma))
    return cross_val_score(model, MEASUREMENTS, MALIGNANT, cv=FOLDS).mean()


def main() -> None:
    settings = list(product([0.1, 1, 10, 100, 1000], [0.0001, 0.001, 0.01, 0.1, 1]))
    found = sorted(zip(futures.map(accuracy, settings), settings), reverse=True)
    for score, (c, gamma) in found[:5]:
        print(f"C = {c:<6} gamma = {gamma:<6}  accuracy {score:.1%}")


if __name__ == "__main__":
    main()
