"""Regression whose target depends on few directions of many features."""

import numpy as np
from sklearn.utils import check_random_state

from sklearn_halfnet._checks import check_options, real, whole

__all__ = ["make_multi_index"]

_N_DIRECTIONS = 8


@check_options(
    {
        "n_samples": [whole(1)],
        "n_features": [whole(_N_DIRECTIONS)],
        "noise": [real(0)],
        "random_state": ["random_state"],
        "return_directions": ["boolean"],
    }
)
def make_multi_index(
    n_samples=10_000,
    n_features=50,
    *,
    noise=0.3,
    random_state=None,
    return_directions=False,
):
    """Make a regression problem whose target depends on few directions.

    Rows are x ~ N(0, I), directions A (8 x n_features) ~ N(0, 1 / n_features), and with
    q = A x the target is

        sin(2 q1) + q2 q3 + abs(q4) + tanh(2 q5 + q6) + q7^2 / 2 + q8,

    standardised, plus N(0, noise^2). As q5 and q6 come in by 2 q5 + q6 only, the active
    subspace has 7 dimensions. The largest R2 that a model can expect is
    1 / (1 + noise^2).

    Parameters
    ----------
    n_samples : int, default=10_000
    n_features : int, default=50
        At least 8.
    noise : float, default=0.3
        Standard deviation of the noise.
    random_state : int, RandomState or None, default=None
    return_directions : bool, default=False
        Whether to return A, too.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    directions : ndarray of shape (8, n_features)
        Only if ``return_directions``.

    Raises
    ------
    ValueError
        If there are no rows, fewer than 8 features, or negative or infinite noise.

    Examples
    --------
    >>> from sklearn_halfnet.datasets import make_multi_index
    >>> X, y = make_multi_index(200, random_state=0)
    >>> X.shape, y.shape
    ((200, 50), (200,))
    """
    rng = check_random_state(random_state)
    directions = rng.standard_normal((_N_DIRECTIONS, n_features)) / np.sqrt(n_features)
    X = rng.standard_normal((n_samples, n_features))
    q1, q2, q3, q4, q5, q6, q7, q8 = directions @ X.T
    y = np.sin(2 * q1) + q2 * q3 + np.abs(q4) + np.tanh(2 * q5 + q6) + q7**2 / 2 + q8
    y = (y - y.mean()) / y.std() + noise * rng.standard_normal(n_samples)
    return (X, y, directions) if return_directions else (X, y)
