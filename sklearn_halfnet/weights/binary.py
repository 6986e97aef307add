"""Binary weights."""

import numpy as np

from sklearn_halfnet.weights.base import BaseWeights

__all__ = ["BinaryWeights", "random_signs"]


class BinaryWeights(BaseWeights):
    """Weights that are -1 or +1 with probability 1/2 each.

    A fitted model stores them at one bit a weight.

    References
    ----------
    Alpaydin, "Half-Layered Neural Networks", arXiv 2506.04352, 2025: kind B.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import BinaryWeights
    >>> weights = BinaryWeights().sample(100, 50, np.random.default_rng(0))
    >>> np.unique(weights)
    array([-1,  1], dtype=int8)
    """

    kind_name = "binary"
    repeats_exactly = True

    def _sample(self, n_units, n_features, rng, X, y):
        return random_signs((n_units, n_features), rng)


def random_signs(shape, rng):
    """Draw an int8 array of -1 and +1, one random bit a value.

    Parameters
    ----------
    shape : tuple of int
    rng : numpy.random.Generator

    Returns
    -------
    signs : int8 ndarray
    """
    n_signs = int(np.prod(shape))
    random_bytes = np.frombuffer(rng.bytes((n_signs + 7) // 8), dtype=np.uint8)
    signs = np.unpackbits(random_bytes, count=n_signs).view(np.int8)
    signs *= 2
    signs -= 1
    return signs.reshape(shape)
