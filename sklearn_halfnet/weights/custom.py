"""Weights of the user's own: an array, a function, or an object with ``sample``."""

import numpy as np
from scipy import sparse

from sklearn_halfnet.weights.base import BaseWeights

__all__ = ["ArrayWeights", "FunctionWeights", "ObjectWeights"]


class ArrayWeights(BaseWeights):
    """Ready weights.

    Parameters
    ----------
    weights : {array-like, sparse matrix} of shape (n_units, n_features)
        Used as they are; int8 stays int8, and sparse stays sparse.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights.custom import ArrayWeights
    >>> ArrayWeights([[1, 2]]).sample(1, 2, np.random.default_rng(0))
    array([[1., 2.]], dtype=float32)
    """

    def __init__(self, weights):
        self.weights = weights

    def _sample(self, n_units, n_features, rng, X, y):
        given = self.weights
        # A mask is kept, for the check that refuses it.
        return given.copy() if sparse.issparse(given) else np.array(given, subok=True)


class FunctionWeights(BaseWeights):
    """Weights drawn by a function.

    Parameters
    ----------
    function : callable
        ``function(n_units, n_features, rng)`` gives an array of shape
        (n_units, n_features).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights.custom import FunctionWeights
    >>> kind = FunctionWeights(lambda n_units, n_features, rng: np.eye(n_units))
    >>> kind.sample(2, 2, np.random.default_rng(0))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    def __init__(self, function):
        self.function = function

    def _sample(self, n_units, n_features, rng, X, y):
        return self.function(n_units, n_features, rng)


class ObjectWeights(BaseWeights):
    """Weights drawn by an object that does not derive from ``BaseWeights``.

    Parameters
    ----------
    sampler : object
        Its ``sample(n_units, n_features, rng, X=None, y=None)`` gives an array of
        shape (n_units, n_features).
    """

    def __init__(self, sampler):
        self.sampler = sampler

    def _check_data(self, n_features, X, y):
        return X, y

    def _sample(self, n_units, n_features, rng, X, y):
        return self.sampler.sample(n_units, n_features, rng, X=X, y=y)
