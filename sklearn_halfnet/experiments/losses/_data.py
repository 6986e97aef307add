"""Counts of a known rate, and the tables whose quantiles are predicted."""

import numpy as np

from sklearn_halfnet.experiments._common.table_sets import ROWS, Split

__all__ = ["QUANTILE_SETS", "RATES", "count_split"]

QUANTILE_SETS = ("california", "kin8nm")

_N_COLUMNS = 8


def _log_linear(X):
    """Poisson regression is the right model of it."""
    return 0.5 + 0.5 * X[:, 0] - 0.4 * X[:, 1] + 0.3 * X[:, 2]


def _interaction(X):
    """No column by itself says much."""
    return 0.5 + 0.6 * X[:, 0] * X[:, 1] + 0.5 * np.sin(2 * X[:, 2])


# Logarithm of the rate of counts.
RATES = {"log-linear": _log_linear, "interaction": _interaction}


def count_split(name, number, rows=ROWS):
    """Draw counts to train on and as many to test on.

    Parameters
    ----------
    name : str
        Of ``RATES``.
    number : int
        Seed of the generator.
    rows : int, default=ROWS

    Returns
    -------
    split : Split
    rates : ndarray of shape (rows,)
        Those of the test rows, which no model can do better than.
    """
    rng = np.random.default_rng(number)
    X = rng.standard_normal((2 * rows, _N_COLUMNS))
    rates = np.exp(RATES[name](X))
    y = rng.poisson(rates).astype(float)
    split = Split("regression", X[:rows], y[:rows], X[rows:], y[rows:])
    return split, rates[rows:]
