"""What the kinds that are filters on an image share."""

from abc import abstractmethod

from sklearn_halfnet.weights._images import (
    check_image_shape,
    draw_sizes,
    grid_offsets,
    over_channels,
)
from sklearn_halfnet.weights.base import BaseWeights, unit_rows

__all__ = ["BaseFilterWeights"]


class BaseFilterWeights(BaseWeights):
    """Filters of random position and log-uniform size, scaled to norm 1.

    Parameters
    ----------
    image_shape : tuple of int, default=None
    sigma_range : (float, float), default=None
    """

    _parameter_constraints: dict = {
        "image_shape": [tuple, list, None],
        "sigma_range": [tuple, list, None],
    }

    def __init__(self, image_shape=None, sigma_range=None):
        self.image_shape = image_shape
        self.sigma_range = sigma_range

    def _sample(self, n_units, n_features, rng, X, y):
        extents, n_channels = check_image_shape(self.image_shape, n_features)
        sizes = draw_sizes(self.sigma_range, extents, n_units, rng)
        offsets = grid_offsets(extents, n_units, rng)
        filters = self._filters(offsets, sizes, rng)
        return unit_rows(over_channels(filters, n_channels, rng))

    @abstractmethod
    def _filters(self, offsets, sizes, rng):
        """Evaluate the filters, (n_units, *extents), at offsets from their centres."""
