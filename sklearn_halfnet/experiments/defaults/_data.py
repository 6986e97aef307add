"""Small data sets as people bring them: scikit-learn's own, and made ones with a seed.

Made sets have many rows to test on, so that a score is hardly a matter of luck; sets of
scikit-learn are tested on every row, by three folds.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_regression,
)
from sklearn.model_selection import KFold, StratifiedKFold

__all__ = ["CLASSIFICATION", "IMAGES", "IMAGE_SHAPE", "REGRESSION", "TabularData"]

_N_TEST = 1_000


class TabularData(NamedTuple):
    """Rows, targets, and which rows to fit and to test on.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    splits : list of (ndarray, ndarray)
        Numbers of the rows to fit on and of those to test on.
    """

    X: np.ndarray
    y: np.ndarray
    splits: list


def _folds(load, splitter):
    """Take a set of scikit-learn, and test on each row once."""

    def data(seed):
        X, y = load(return_X_y=True)
        folds = splitter(3, shuffle=True, random_state=seed)
        return TabularData(X, y, list(folds.split(X, y)))

    return data


def _made(n_train, make, n_test=_N_TEST):
    """Make a set; its first rows are to be fitted."""

    def data(seed):
        X, y = make(n_train + n_test, np.random.default_rng(seed))
        rows = np.arange(len(y))
        return TabularData(X, y, [(rows[:n_train], rows[n_train:])])

    return data


# -- columns ---------------------------------------------------------------------------


def _normal(n_features):
    return lambda n, rng: rng.standard_normal((n, n_features))


def _heavy(n, rng):
    """Five columns of Student's t with two degrees of freedom: no variance exists."""
    return rng.standard_t(2, (n, 5))


# -- targets ---------------------------------------------------------------------------


def _labelled(columns, log_odds):
    """Draw labels 0 and 1 from their log odds."""

    def make(n, rng):
        X = columns(n, rng)
        return X, (rng.random(n) < expit(log_odds(X))).astype(int)

    return make


def _rare(share, shift, exact=False):
    """Rare rows of class 1, whose first column is shifted."""

    def make(n, rng):
        X = rng.standard_normal((n, 5))
        y = np.arange(n) % round(1 / share) == 0 if exact else rng.random(n) < share
        X[y, 0] += shift
        return X, y.astype(int)

    return make


def _real(columns, mean, noise):
    """Add normal noise to a function of the columns."""

    def make(n, rng):
        X = columns(n, rng)
        return X, mean(X) + noise * rng.standard_normal(n)

    return make


def _wide(n, rng):
    """5,000 columns that are mixtures of three, and noise; as expressions of genes."""
    hidden = rng.standard_normal((n, 3))
    X = hidden @ rng.standard_normal((3, 5_000)) + rng.standard_normal((n, 5_000))
    return X, hidden[:, 0] + 0.3 * rng.standard_normal(n)


def _wide_labels(n, rng):
    X, y = _wide(n, rng)
    return X, (y > 0).astype(int)


def _log_normal(n, rng):
    """Targets as prices are: the exponential of a sum."""
    X = rng.standard_normal((n, 5))
    return X, np.exp(X @ [1, 0.5, 0.5, 0, 0] + 0.3 * rng.standard_normal(n))


def _weak(n, rng):
    seed = int(rng.integers(2**31))
    return make_regression(n, 10, noise=100, random_state=seed)


def _digits(n, rng):
    X, y = load_digits(return_X_y=True)
    rows = rng.permutation(len(y))[:n]
    return X[rows], y[rows]


def _digit_numbers(n, rng):
    X, y = _digits(n, rng)
    return X, y.astype(float)


def _nothing(X):
    return np.zeros(len(X))


# Sets whose rows are images, and their height and width.
IMAGES = {"digits", "digits as numbers", "noise images"}
IMAGE_SHAPE = (8, 8)

# Name -> function of a seed. Noise has twenty rows or more for each column: see
# ``defaults``.
CLASSIFICATION = {
    "wine": _folds(load_wine, StratifiedKFold),
    "breast cancer": _folds(load_breast_cancer, StratifiedKFold),
    "iris": _folds(load_iris, StratifiedKFold),
    "digits": _made(600, _digits),
    "noise": _made(200, _labelled(_normal(10), _nothing)),
    "noise images": _made(1_280, _labelled(_normal(64), _nothing)),
    "30 rows": _made(30, _labelled(_normal(4), lambda X: 3 * X[:, 0])),
    "5,000 columns": _made(60, _wide_labels, 500),
    "one column": _made(200, _labelled(_normal(1), lambda X: 2 * X[:, 0])),
    "heavy tails": _made(300, _labelled(_heavy, lambda X: np.arctan(X) @ np.ones(5))),
    "95:5": _made(600, _rare(1 / 20, shift=3)),
    "95:5, noise": _made(600, _rare(1 / 20, shift=0)),
    "999:1": _made(2_000, _rare(1 / 1000, shift=3, exact=True), 4_000),
}
REGRESSION = {
    "diabetes": _folds(load_diabetes, KFold),
    "digits as numbers": _made(600, _digit_numbers),
    "noise": _made(200, _real(_normal(10), _nothing, 1)),
    "noise images": _made(1_280, _real(_normal(64), _nothing, 1)),
    "weak signal": _made(500, _weak),
    "30 rows": _made(30, _real(_normal(4), lambda X: X[:, 0], 0.5)),
    "5,000 columns": _made(60, _wide, 500),
    "one column": _made(200, _real(_normal(1), lambda X: np.sin(2 * X[:, 0]), 0.3)),
    "heavy columns": _made(300, _real(_heavy, lambda X: np.arctan(X) @ np.ones(5), 1)),
    "heavy target": _made(300, _log_normal),
    "constant": _made(100, lambda n, rng: (_normal(5)(n, rng), np.full(n, 3.7))),
}
