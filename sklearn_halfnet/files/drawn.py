"""Frozen weights that a file leaves out, for their draw can be repeated.

What is kept in their place is a seed, or the state of a generator, and a checksum: a
machine that draws other bits says so and does not predict something else.
"""

import hashlib
from math import prod

import numpy as np

from sklearn_halfnet.features.hidden_layer import HiddenLayer
from sklearn_halfnet.models.partial_cnn import Constants, draw_convolutions
from sklearn_halfnet.weights.base import BaseWeights

__all__ = ["checksum", "drawn_bytes", "has_draw", "leave_out", "with_draw"]

# Of sparse weights without zeros: gaps, positions, rows, columns, signs.
_BYTES_A_WEIGHT = 64


def checksum(*arrays):
    """SHA-256 of the numbers of arrays, in the order in which .npy files hold them."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.ravel(order="A").view(np.uint8))
    return digest.hexdigest()


def has_draw(value):
    """Whether an object holds weights that were drawn."""
    return isinstance(value, (HiddenLayer, Constants))


def leave_out(value, path):
    """Return an object's state without drawn weights, and what gives them again.

    Parameters
    ----------
    value : HiddenLayer or Constants
    path : str
        What errors call it.

    Returns
    -------
    state : dict
    draw : dict
        Plain data.

    Raises
    ------
    ValueError
        If no seed gives the weights again, or not on every machine.
    """
    if isinstance(value, Constants):
        return _of_convolutions(value, path)
    if value.origin is None:
        raise _no_seed(path, "come from data, from training or from the user")
    kind = value.origin[0]
    if not kind.repeats_exactly:
        raise _no_seed(path, f"are {kind.kind_name!r}, which differ among machines")
    # The state of the layer names shape, kind and generator.
    return vars(value.without_weights()), {"sha256": checksum(*value.weights.arrays)}


def _of_convolutions(constants, path):
    if constants.given is not None:
        raise _no_seed(path, "come from training")
    draw = {
        "sha256": checksum(*constants.arrays.values()),
        "shapes": {k: list(v) for k, v in constants.design.conv_shapes.items()},
    }
    return constants.__getstate__(), draw


def _no_seed(path, why):
    return ValueError(
        f"weights='seed': the weights of {path} {why}, so that no seed gives them "
        "again. Use weights='arrays'."
    )


def drawn_bytes(value, draw):
    """Bytes that ``with_draw`` will need at most, whatever the file says."""
    if isinstance(value, Constants):
        numbers = sum(prod(_whole(shape)) for shape in draw["shapes"].values())
        return 2 * numbers * np.dtype(value.dtype).itemsize
    n_units, n_features = _whole(value.weights)
    return _BYTES_A_WEIGHT * n_units * n_features


def with_draw(value, draw):
    """Return an object with its weights drawn again.

    Raises
    ------
    ValueError
        If they are not the weights that were there.
    """
    if isinstance(value, Constants):
        # As its cached property keeps them: pickles leave them out.
        weights = draw_convolutions(draw["shapes"], value.seed, value.dtype)
        vars(value)["arrays"] = weights
        arrays = weights.values()
    else:
        kind, _ = value.origin
        if not (isinstance(kind, BaseWeights) and kind.repeats_exactly):
            raise ValueError("weights are to be drawn again of a kind that does not")
        value = value.with_weights()
        arrays = value.weights.arrays
    if checksum(*arrays) != draw["sha256"]:
        raise ValueError(
            "the weights that its seed gives here are not those that were saved "
            "(another version of numpy, or another libm); save with weights='arrays'"
        )
    return value


def _whole(shape):
    """Return a shape of a file if it is one."""
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"{shape!r} is no shape")
    return tuple(shape)
