"""Gabor filters."""

import numpy as np

from sklearn_halfnet.weights._filters import BaseFilterWeights

__all__ = ["GaborWeights", "gabor"]


class GaborWeights(BaseFilterWeights):
    """Gabor filters: waves under a Gaussian window, scaled to norm 1.

    With u the offset from the filter's centre, s its size, l the wavelength, p the
    phase and t the coordinate of u across the wave fronts, a filter is
    ``(cos(2 pi t / l + p) - cos(p) exp(-2 pi^2 s^2 / l^2)) exp(-|u|^2 / (2 s^2))``,
    where the subtracted term makes it blind to a constant input.

    Positions are uniform over the image, orientations and phases uniform over the
    circle, sizes log-uniform, and wavelengths log-uniform between one and four sizes,
    but at least 2 pixels. On a signal there is no orientation.

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
    Daugman, "Uncertainty relation for resolution in space, spatial frequency, and
    orientation optimized by two-dimensional visual cortical filters", JOSA A 2(7),
    1985.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.weights import GaborWeights
    >>> kind = GaborWeights(image_shape=(28, 28))
    >>> kind.sample(16, 784, np.random.default_rng(0)).shape
    (16, 784)
    """

    kind_name = "gabor"

    def _filters(self, offsets, sizes, rng):
        n_units = len(sizes)
        wavelengths = np.maximum(2, sizes * 4 ** rng.random(n_units, dtype=np.float32))
        phases = 2 * np.pi * rng.random(n_units, dtype=np.float32)
        angles = 2 * np.pi * rng.random(n_units, dtype=np.float32)
        return gabor(offsets, sizes, wavelengths, phases, angles)


def gabor(offsets, sizes, wavelengths, phases, angles):
    """Evaluate Gabor filters.

    Parameters
    ----------
    offsets : list of ndarray
        One an axis, of shapes that broadcast to (n_units, *extents): the distance of
        each pixel from the filter's centre.
    sizes, wavelengths : ndarray of shape (n_units,)
        In the unit of ``offsets``.
    phases, angles : ndarray of shape (n_units,)
        In radians. Angle 0: the wave travels along the last axis. A filter with one
        axis has no angle.

    Returns
    -------
    filters : ndarray of shape (n_units, *extents)
    """
    per_unit = (-1, *[1] * len(offsets))
    decay = 2 * np.pi**2 * (sizes / wavelengths) ** 2
    constant = (np.cos(phases) * np.exp(-decay)).reshape(per_unit)
    travelled = offsets[-1]
    if len(offsets) == 2:
        angles = angles.reshape(per_unit)
        travelled = np.cos(angles) * offsets[1] + np.sin(angles) * offsets[0]
    cycles = travelled / wavelengths.reshape(per_unit)
    squared = sum((offset / sizes.reshape(per_unit)) ** 2 for offset in offsets)
    wave = np.cos(2 * np.pi * cycles + phases.reshape(per_unit)) - constant
    return wave * np.exp(-squared / 2)
