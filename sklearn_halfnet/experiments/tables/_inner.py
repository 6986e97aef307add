"""Candidates judged inside the training rows of a split: its test rows are not seen."""

import warnings

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from sklearn_halfnet.experiments._common.table_sets import Split, encoded
from sklearn_halfnet.experiments.tables._models import measure_here

__all__ = ["FOLDS", "inner_splits", "measure_inside"]

FOLDS = 2


def inner_splits(split, seed, n_folds=FOLDS):
    """Divide the training rows of a split into folds, each of which is judged once.

    Parameters
    ----------
    split : Split
    seed : int
        Decides on the folds; the same for all candidates.
    n_folds : int, default=2

    Returns
    -------
    list of Split
    """
    X, y = split.X_train, split.y_train
    classify = split.task == "classification"
    kind = StratifiedKFold if classify else KFold
    folds = kind(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class may have a single row: it is then in one of the folds.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        numbers = list(folds.split(X, y))
    found = []
    for train, test in numbers:
        targets = y[train], y[test]
        y_train, y_test = encoded(*targets) if classify else targets
        found.append(Split(split.task, X[train], y_train, X[test], y_test))
    return found


def measure_inside(candidate, split, seed):
    """Fit and judge a candidate on every fold.

    Parameters
    ----------
    candidate : Candidate
    split : Split
    seed : int
        That of the folds and of the estimators.

    Returns
    -------
    dict
        Means over the folds of what ``measure_here`` returns.
    """
    with candidate.in_force():
        results = [
            measure_here(candidate.make(inner.task, seed), inner)
            for inner in inner_splits(split, seed)
        ]
    return {name: float(np.mean([r[name] for r in results])) for name in results[0]}
