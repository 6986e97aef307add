"""Images as estimators take them: flat rows, or arrays of three or four dimensions."""

import math
import warnings

import numpy as np

__all__ = ["check_shape", "conv_shapes", "flat_images", "full_image_shape"]


def flat_images(X, fitted_shape=None):
    """Flatten images (n, height, width) or (n, channels, height, width) to rows.

    Series (n, channels, steps) as well. Anything that is not an array of three or four
    dimensions is returned as it is.

    Raises
    ------
    ValueError
        If they have another shape than those of ``fit``.
    """
    if len(getattr(X, "shape", ())) not in (3, 4):
        return X
    if fitted_shape is not None:
        check_shape(X.shape[1:], fitted_shape, "the model was fitted to")
    return X.reshape(len(X), math.prod(X.shape[1:]))


def check_shape(given, shape, told):
    """Raise if images or series have another shape; sides of one do not count."""
    if [side for side in given if side != 1] != [side for side in shape if side != 1]:
        raise ValueError(
            f"X has images or series of shape {tuple(given)}, but {told} "
            f"{tuple(shape)}. Their values would be mixed up."
        )


def full_image_shape(given, image_shape):
    """Find (channels, height, width) of the images in X.

    Parameters
    ----------
    given : tuple of int
        The shape of X: (n, n_pixels), (n, height, width) or (n, channels, height,
        width).
    image_shape : tuple of int or None
        (height, width) or (channels, height, width); one entry may be -1. None takes
        the shape of X.

    Returns
    -------
    shape : tuple of int

    Raises
    ------
    ValueError
        If the shape is not known, or does not fit X.

    Warns
    -----
    UserWarning
        If the shape looks as if the channels stood last.
    """
    n_pixels = int(np.prod(given[1:]))
    if image_shape is None:
        if len(given) == 2:
            raise ValueError(
                "image_shape must be given where X has flat rows: (height, width) or "
                f"(channels, height, width) of {n_pixels} pixels."
            )
        image_shape = given[1:]
    try:
        shape = np.empty(n_pixels, bool).reshape(image_shape).shape
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"image_shape={image_shape!r} does not fit images of {n_pixels} pixels."
        ) from error
    if len(shape) not in (2, 3):
        raise ValueError(
            "image_shape must be (height, width) or (channels, height, width), got "
            f"{image_shape!r}."
        )
    if len(given) > 2:
        check_shape(given[1:], shape, "image_shape is")
    if len(shape) == 3 and shape[2] <= 4 < shape[0]:
        warnings.warn(
            f"Images of shape {shape} are taken for (channels, height, width). If the "
            "channels stand last, move them: X.reshape(-1, height, width, channels)"
            ".transpose(0, 3, 1, 2).",
            UserWarning,
        )
    return (1, *shape)[-3:]


def conv_shapes(image_shape, filters, kernel_sizes, paddings, pool_size):
    """Shapes (channels, height, width) before each layer and after the last.

    Raises
    ------
    ValueError
        If an image shrinks to nothing.
    """
    shapes = [image_shape]
    for n_filters, size, padding in zip(filters, kernel_sizes, paddings, strict=True):
        lost = 0 if padding == "same" else size - 1
        height, width = ((n - lost) // pool_size for n in shapes[-1][1:])
        if min(height, width) < 1:
            raise ValueError(
                f"Images of shape {image_shape} shrink to nothing in convolutional "
                f"layer {len(shapes)}. Use fewer or smaller kernels, padding='same' or "
                "a smaller pool_size."
            )
        shapes.append((n_filters, height, width))
    return shapes
