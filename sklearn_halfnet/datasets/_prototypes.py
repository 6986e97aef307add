"""Categories of patterns: prototypes, and members more and more distorted."""

import numpy as np
from sklearn.utils import check_random_state

from sklearn_halfnet._checks import check_options, real, whole

__all__ = ["make_distorted_prototypes"]


@check_options(
    {
        "n_prototypes": [whole(1)],
        "n_levels": [whole(1)],
        "n_features": [whole(1)],
        "step": [real(0)],
        "random_state": ["random_state"],
    }
)
def make_distorted_prototypes(
    n_prototypes=100, n_levels=20, n_features=100, *, step=0.05, random_state=None
):
    """Make patterns that are prototypes plus noise of growing size.

    A prototype is a row of N(0, 1); its member of level k is the prototype plus noise
    of N(0, (k step)^2). Level 0 is the prototype itself.

    Parameters
    ----------
    n_prototypes : int, default=100
    n_levels : int, default=20
    n_features : int, default=100
    step : float, default=0.05
        Standard deviation of the noise from one level to the next.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    patterns : ndarray of shape (n_prototypes, n_levels, n_features)

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    O. Guest, B. C. Love, "What the success of brain imaging implies about the neural
    code", eLife 6:e21397, 2017, figure 2.

    Examples
    --------
    >>> from sklearn_halfnet.datasets import make_distorted_prototypes
    >>> make_distorted_prototypes(3, random_state=0).shape
    (3, 20, 100)
    """
    rng = check_random_state(random_state)
    prototypes = rng.standard_normal((n_prototypes, 1, n_features))
    noise = rng.standard_normal((n_prototypes, n_levels, n_features))
    return prototypes + step * np.arange(n_levels)[:, None] * noise
