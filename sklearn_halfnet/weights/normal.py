"""Normal weights."""

import numpy as np

from sklearn_halfnet.weights.base import BaseWeights

__all__ = ["NormalWeights"]


class NormalWeights(BaseWeights):
    """Independent weights from N(0, 1).

    References
    ----------
    Alpaydin, "Half-Layered Neural Networks", arXiv 2506.04352, 2025: kind N.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import NormalWeights
    >>> weights = NormalWeights().sample(100, 50, np.random.default_rng(0))
    >>> print(f"{weights.mean():.1f} {weights.std():.1f} {weights.dtype}")
    -0.0 1.0 float32
    """

    kind_name = "normal"
    repeats_exactly = True

    def _sample(self, n_units, n_features, rng, X, y):
        return rng.standard_normal((n_units, n_features), dtype=np.float32)
