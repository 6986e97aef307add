"""Mexican hat (Ricker) filters."""

import numpy as np

from sklearn_halfnet.weights._filters import BaseFilterWeights

__all__ = ["MexicanHatWeights", "ricker"]


class MexicanHatWeights(BaseFilterWeights):
    """Mexican hat (Ricker) filters of random position and size, scaled to norm 1.

    With u the distance from the filter's centre and s its size, a filter is
    (1 - u^2 / s^2) exp(-u^2 / (2 s^2)) on a signal, and
    (1 - u^2 / (2 s^2)) exp(-u^2 / (2 s^2)) on an image. Positions are uniform over the
    image and sizes log-uniform.

    Parameters
    ----------
    image_shape : tuple of int, default=None
        (length,), (height, width) or (height, width, channels): the shape of one row
        of X before it was flattened by numpy. Over several channels a filter has a
        random colour. None: the features are one 1-D signal.
    sigma_range : (float, float), default=None
        Smallest and largest size in pixels. None: from 1 pixel to a quarter of the
        longer side.

    References
    ----------
    Alpaydin, "Half-Layered Neural Networks", arXiv 2506.04352, 2025: kind M.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import MexicanHatWeights
    >>> kind = MexicanHatWeights(image_shape=(28, 28), sigma_range=(1, 7))
    >>> kind.sample(16, 784, np.random.default_rng(0)).shape
    (16, 784)
    """

    kind_name = "mexican_hat"

    def _filters(self, offsets, sizes, rng):
        return ricker(offsets, sizes)


def ricker(offsets, sizes):
    """Evaluate Ricker filters: minus the Laplacian of a Gaussian, up to scale.

    Parameters
    ----------
    offsets : list of ndarray
        One an axis, of shapes that broadcast to (n_units, *extents): the distance of
        each pixel from the filter's centre.
    sizes : ndarray of shape (n_units,)
        In the unit of ``offsets``.

    Returns
    -------
    filters : ndarray of shape (n_units, *extents)
        1 at the centre, 0 at distance s sqrt(n_axes).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights.mexican_hat import ricker
    >>> ricker([np.array([[0.0, 2.0]])], np.array([2.0]))
    array([[1., 0.]])
    """
    sizes = sizes.reshape(-1, *[1] * len(offsets))
    squared = sum((offset / sizes) ** 2 for offset in offsets)
    return (1 - squared / len(offsets)) * np.exp(-squared / 2)
