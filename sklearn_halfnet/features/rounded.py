"""Features rounded to 8 bits, for sums by the processor's integer products."""

import numpy as np
from scipy import sparse

from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features.hidden_layer import forward_blocks
from sklearn_halfnet.features.scaling import InputScaling

__all__ = ["rounded_blocks", "rounding_step"]

_LARGEST = 127


def rounding_step(sample, layers):
    """Find the unit in which features are rounded to -127 .. 127.

    Parameters
    ----------
    sample : StartSample
    layers : list of HiddenLayer

    Returns
    -------
    step : float
        A quarter more than the largest feature of the sample, over 127. Larger
        features are clipped.
    """
    X, peak = sample.features, 0.0
    for _, features in forward_blocks(X, InputScaling(), layers, X.dtype):
        peak = max(peak, *(float(np.abs(h).max()) for h in features))
    return 1.25 * peak / _LARGEST or 1.0


def rounded_blocks(X, scaling, layers, step, max_bytes):
    """Compute the hidden features of X in units of ``step``, rounded to int8.

    The product of a single dense layer is taken in bfloat16, whose rounding is finer
    than that of the features; others in float32.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    scaling : InputScaling
    layers : list of HiddenLayer
    step : float
    max_bytes : int
        Bound on the bytes of a block of float32 features.

    Yields
    ------
    rows : slice
    features : ndarray of shape (n_rows, n_columns), int8
        All layers side by side.
    """
    matrix = layers[0].scaled_weights(np.float32)
    if len(layers) > 1 or sparse.issparse(X) or sparse.issparse(matrix):
        passes = forward_blocks(X, scaling, layers, np.float32, max_bytes)
        for rows, features in passes:
            yield rows, np.hstack([_rounded(h, step) for h in features])
        return
    yield from _one_dense_layer(X, scaling, layers[0], matrix, step, max_bytes)


def _one_dense_layer(X, scaling, layer, matrix, step, max_bytes):
    import torch

    weights = torch.from_numpy(matrix).bfloat16().T
    shifts = torch.from_numpy(layer.shifts).bfloat16()
    activation = ACTIVATIONS[layer.activation].tensor
    for rows in row_blocks(X.shape[0], 4 * layer.n_units, max_bytes):
        scaled = torch.from_numpy(scaling.transform(X[rows], np.float32)).bfloat16()
        hidden = activation(torch.addmm(shifts, scaled, weights))
        hidden.mul_(1 / step).clamp_(-_LARGEST, _LARGEST).round_()
        yield rows, hidden.to(torch.int8).numpy()


def _rounded(features, step):
    features *= 1 / step
    np.clip(features, -_LARGEST, _LARGEST, out=features)
    return np.rint(features, out=features).astype(np.int8)
