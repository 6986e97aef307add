"""Uniform weights."""

import numpy as np

from sklearn_halfnet.weights.base import BaseWeights

__all__ = ["UniformWeights"]


class UniformWeights(BaseWeights):
    """Independent weights, uniform on [-sqrt(3), sqrt(3)]: mean 0 and variance 1.

    The usual choice of extreme learning machines, but for its scale, which is that of
    normal weights.

    References
    ----------
    Huang, Zhou, Ding & Zhang, "Extreme Learning Machine for Regression and Multiclass
    Classification", IEEE Trans. SMC B 42(2), 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import UniformWeights
    >>> weights = UniformWeights().sample(100, 50, np.random.default_rng(0))
    >>> print(f"{weights.std():.1f} {np.abs(weights).max():.2f}")
    1.0 1.73
    """

    kind_name = "uniform"
    repeats_exactly = True

    def _sample(self, n_units, n_features, rng, X, y):
        weights = rng.random((n_units, n_features), dtype=np.float32)
        weights -= 0.5
        weights *= np.sqrt(12, dtype=np.float32)
        return weights
