"""Where the inputs lie in an image or a signal, for the kinds that are filters."""

import math

import numpy as np

from sklearn_halfnet._checks import real, whole

__all__ = ["check_image_shape", "draw_sizes", "grid_offsets", "over_channels"]

# Below a tenth of a pixel a filter can fall between the pixels and vanish.
_SMALLEST_SIZE = 0.1
_EXTENT, _SIZE = whole(1), real(_SMALLEST_SIZE)


def check_image_shape(image_shape, n_features):
    """Split ``image_shape`` into the extents of space and the number of channels.

    Parameters
    ----------
    image_shape : tuple of int or None
        (length,), (height, width) or (height, width, channels), in the order in which
        numpy flattens such arrays. None: the features are one 1-D signal.
    n_features : int

    Returns
    -------
    extents : tuple of int
        (length,) or (height, width), in pixels.
    n_channels : int

    Raises
    ------
    ValueError
        If the shape does not hold ``n_features`` values.
    """
    if image_shape is None:
        return (n_features,), 1
    shape = tuple(image_shape)
    if not all(map(_EXTENT.is_satisfied_by, shape)) or len(shape) not in (1, 2, 3):
        raise ValueError(
            "image_shape must be (length,), (height, width) or (height, width, "
            f"channels) with positive whole numbers, got {image_shape!r}."
        )
    if math.prod(shape) != n_features:
        raise ValueError(
            f"image_shape={shape} holds {math.prod(shape)} values, but the layer has "
            f"{n_features} features."
        )
    return (shape[:2], shape[2]) if len(shape) == 3 else (shape, 1)


def draw_sizes(sigma_range, extents, n_units, rng):
    """Draw one size a unit, log-uniformly.

    Parameters
    ----------
    sigma_range : (float, float) or None
        Smallest and largest size in pixels. None: from 1 pixel to a quarter of the
        image's longer side.
    extents : tuple of int
    n_units : int
    rng : numpy.random.Generator

    Returns
    -------
    sizes : float32 ndarray of shape (n_units,)
        In pixels.

    Raises
    ------
    ValueError
        If the range is not increasing, or starts below a tenth of a pixel.
    """
    if sigma_range is None:
        sigma_range = (1.0, max(1.0, max(extents) / 4))
    low, high = _check_range(sigma_range)
    return np.exp(rng.uniform(np.log(low), np.log(high), n_units)).astype(np.float32)


def grid_offsets(extents, n_units, rng):
    """Draw a random position a unit; give each pixel's distance from it by axis.

    Parameters
    ----------
    extents : tuple of int
    n_units : int
    rng : numpy.random.Generator

    Returns
    -------
    offsets : list of float32 ndarray
        One an axis; of shape (n_units, length), or (n_units, height, 1) and
        (n_units, 1, width), so that they broadcast. In pixels.
    """
    offsets = []
    for axis, extent in enumerate(extents):
        centers = rng.uniform(0, extent - 1, (n_units, 1))
        offset = (np.arange(extent) - centers).astype(np.float32)
        along = [1] * len(extents)
        along[axis] = extent
        offsets.append(offset.reshape(n_units, *along))
    return offsets


def over_channels(filters, n_channels, rng):
    """Give each filter a random colour, and flatten it as numpy does.

    Parameters
    ----------
    filters : ndarray of shape (n_units, *extents)
    n_channels : int
        With one channel, filters stay as they are; with more, each filter is
        multiplied by one N(0, 1) number a channel.
    rng : numpy.random.Generator

    Returns
    -------
    weights : float32 ndarray of shape (n_units, n_features)
    """
    flat = filters.reshape(len(filters), -1).astype(np.float32)
    if n_channels == 1:
        return flat
    colors = rng.standard_normal((len(filters), n_channels), dtype=np.float32)
    return (flat[:, :, None] * colors[:, None, :]).reshape(len(filters), -1)


def _check_range(sigma_range):
    values = tuple(sigma_range)
    sizes = all(map(_SIZE.is_satisfied_by, values))
    if not sizes or len(values) != 2 or values[0] > values[1]:
        raise ValueError(
            "sigma_range must be (smallest, largest), increasing and at least "
            f"{_SMALLEST_SIZE} pixels, got {sigma_range!r}."
        )
    return values
