"""Weights of any kind, seen through a random rectangle of the image."""

import numpy as np
from scipy import sparse
from sklearn.base import clone

from sklearn_halfnet._checks import one_of, whole
from sklearn_halfnet.weights._images import check_image_shape
from sklearn_halfnet.weights.base import BaseWeights, unit_rows

__all__ = ["ReceptiveFieldWeights"]


class ReceptiveFieldWeights(BaseWeights):
    """Weights of any kind, set to zero outside a random rectangle of the image.

    Each unit has its own rectangle: its height is uniform over the possible ones, then
    its width over those that leave it large enough, then its position. Rows of a
    data-driven kind are scaled to norm 1 again.

    Parameters
    ----------
    base : weight kind, default="normal"
        A name, a configured weight kind, or whatever else ``weight_kind`` may be. It
        takes over ``image_shape`` if it has such a parameter and leaves it at None.
    image_shape : tuple of int, default=None
        (length,), (height, width) or (height, width, channels): the shape of one row
        of X before it was flattened by numpy. None: the features are one 1-D signal.
    border : int or "auto", default="auto"
        Pixels along the image's edges that lie in no rectangle. "auto": 3, or an
        eighth of the shorter side where that is less.
    min_size : int, default=10
        Pixels that a rectangle has at least; where there are fewer within the border,
        it is all of them.

    References
    ----------
    McDonnell, Tissera, Vladusich, van Schaik & Tapson, "Fast, Simple and Accurate
    Handwritten Digit Classification by Training Shallow Neural Network Classifiers
    with the 'Extreme Learning Machine' Algorithm", PLoS ONE 10(8), 2015: "Receptive
    Fields for ELM" (RF-ELM).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import ReceptiveFieldWeights
    >>> kind = ReceptiveFieldWeights("binary", image_shape=(28, 28))
    >>> weights = kind.sample(5, 784, np.random.default_rng(0))
    >>> bool(((weights != 0).sum(axis=1) >= 10).all())
    True
    """

    kind_name = "receptive_field"
    _parameter_constraints: dict = {
        "base": "no_validation",
        "image_shape": [tuple, list, None],
        "border": [whole(0), one_of({"auto"})],
        "min_size": [whole(1)],
    }

    def __init__(self, base="normal", image_shape=None, border="auto", min_size=10):
        self.base = base
        self.image_shape = image_shape
        self.border = border
        self.min_size = min_size

    @property
    def requires_X(self):
        """Whether the base kind is made from training rows."""
        return self._base_kind().requires_X

    @property
    def requires_y(self):
        """Whether the base kind is made from targets."""
        return self._base_kind().requires_y

    @property
    def repeats_exactly(self):
        """Whether the base kind gives the same bits on every machine."""
        return self._base_kind().repeats_exactly

    def _base_kind(self):
        # Imported late: the table of kinds contains this one.
        from sklearn_halfnet.weights import check_weight_kind

        kind = check_weight_kind(self.base)
        parameters = kind.get_params(deep=False)
        if "image_shape" in parameters and parameters["image_shape"] is None:
            kind = clone(kind).set_params(image_shape=self.image_shape)
        return kind

    def _sample(self, n_units, n_features, rng, X, y):
        extents, n_channels = check_image_shape(self.image_shape, n_features)
        weights = self._base_kind().sample(n_units, n_features, rng, X, y)
        mask = np.repeat(self._draw_mask(extents, n_units, rng), n_channels, axis=1)
        if sparse.issparse(weights):
            masked = weights.multiply(mask).tocsr()
            masked.eliminate_zeros()
            return masked
        masked = np.where(mask, weights, np.float32(0))
        return unit_rows(masked) if self.requires_X else masked

    def _draw_mask(self, extents, n_units, rng):
        """Draw rectangles; booleans of shape (n_units, n_pixels)."""
        borders = self._borders(extents)
        inner = [extent - 2 * b for extent, b in zip(extents, borders, strict=True)]
        height, width = inner if len(inner) == 2 else (1, inner[0])
        min_size = min(self.min_size, height * width)
        heights = rng.integers(-(-min_size // width), height + 1, n_units)
        widths = rng.integers(-(-min_size // heights), width + 1)
        sides = (heights, widths)[-len(inner) :]
        inside = [
            _draw_intervals(side, extent, border, rng)
            for side, extent, border in zip(sides, extents, borders, strict=True)
        ]
        if len(inside) == 1:
            return inside[0]
        return (inside[0][:, :, None] & inside[1][:, None, :]).reshape(n_units, -1)

    def _borders(self, extents):
        """Width of the border along each axis."""
        border = self.border
        if border == "auto":
            border = min(3, min(extents) // 8)
        if 2 * border >= min(extents):
            raise ValueError(
                f"border={border} leaves nothing of an image of {tuple(extents)} "
                "pixels."
            )
        return [border] * len(extents)


def _draw_intervals(lengths, extent, border, rng):
    """Place intervals at random; booleans of shape (n_units, extent)."""
    starts = border + rng.integers(extent - 2 * border - lengths + 1)
    pixels = np.arange(extent)
    ends = starts + lengths
    return (pixels >= starts[:, None]) & (pixels < ends[:, None])
