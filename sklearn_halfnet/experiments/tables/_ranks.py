"""Models compared over data sets by their ranks.

References
----------
J. Demsar (2006), "Statistical comparisons of classifiers over multiple data sets",
Journal of Machine Learning Research 7, 1-30.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

__all__ = ["Friedman", "cliques", "critical_difference", "friedman", "ranks", "verdict"]

# Differences of rounding are none.
_DIGITS = 12


class Friedman(NamedTuple):
    """Whether any ranks differ: chi-squared, and F and p of Iman and Davenport."""

    chi2: float
    F: float
    p: float


def ranks(scores):
    """Rank models on each set: 1 is the best, equal ones share the mean of their ranks.

    Parameters
    ----------
    scores : array-like of shape (n_sets, n_models)
        Higher is better.

    Returns
    -------
    ndarray of shape (n_sets, n_models)

    Examples
    --------
    >>> ranks([[0.9, 0.8, 0.9]])
    array([[1.5, 3. , 1.5]])
    """
    return stats.rankdata(-np.round(scores, _DIGITS), axis=1)


def friedman(mean_ranks, n_sets):
    """Test whether all models are alike, from their mean ranks (Demsar, page 11)."""
    k, R = len(mean_ranks), np.asarray(mean_ranks)
    chi2 = 12 * n_sets / (k * (k + 1)) * (np.sum(R**2) - k * (k + 1) ** 2 / 4)
    rest = n_sets * (k - 1) - chi2
    F = (n_sets - 1) * chi2 / rest if rest > 1e-9 else np.inf
    return Friedman(chi2, F, stats.f.sf(F, k - 1, (k - 1) * (n_sets - 1)))


def critical_difference(n_models, n_sets, alpha=0.05):
    """Difference of mean ranks from which on Nemenyi's test tells two models apart.

    Examples
    --------
    >>> round(critical_difference(4, 14), 2)
    1.25
    """
    q = stats.studentized_range.ppf(1 - alpha, n_models, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_models * (n_models + 1) / (6 * n_sets)))


def cliques(mean_ranks, difference):
    """Find the largest groups that a difference of mean ranks does not tell apart.

    Parameters
    ----------
    mean_ranks : array-like of shape (n_models,)
        In ascending order.
    difference : float
        The critical one.

    Returns
    -------
    list of (int, int)
        First and last model of each group of two or more.

    Examples
    --------
    >>> cliques([1.0, 1.5, 2.2, 4.0], 1.0)
    [(0, 1), (1, 2)]
    """
    found = []
    for first, rank in enumerate(mean_ranks):
        last = int(np.searchsorted(mean_ranks, rank + difference)) - 1
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def verdict(differences):
    """Say "win", "tie" or "loss" of differences of scores over splits.

    A tie is a mean difference below the sample standard deviation of the differences;
    of a single split only equality is one.

    Examples
    --------
    >>> verdict([0.02, 0.03, 0.01]), verdict([0.02, -0.03]), verdict([-0.1])
    ('win', 'tie', 'loss')
    """
    differences = np.round(differences, _DIGITS)
    mean = differences.mean()
    spread = differences.std(ddof=1) if len(differences) > 1 else 0.0
    if mean == 0 or abs(mean) < spread:
        return "tie"
    return "win" if mean > 0 else "loss"
