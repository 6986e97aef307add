"""Deep stacks of random layers whose weight scale is prescribed, not fitted."""

import numpy as np

from sklearn_halfnet.features.hidden_layer import HiddenLayer, all_features
from sklearn_halfnet.features.scaling import InputScaling
from sklearn_halfnet.features.start import draw_weights
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = ["draw_deep_layers"]


def draw_deep_layers(
    sample, n_features, kinds, sizes, *, activation, rng, sigma_w, sigma_b, dtype
):
    """Draw layers with weights of scale sigma_w / sqrt(number of inputs).

    Whatever the kind, a layer's weights have this root mean square; those of orthogonal
    weights have it in each unit, so that a square layer is sigma_w times an orthogonal
    matrix.

    Parameters
    ----------
    sample : StartSample or None
        Rows for kinds of weights that are made from data; None if there are none.
    n_features : int
        Inputs of the first layer.
    kinds : list of BaseWeights
        One a layer.
    sizes : list of int
        Units a layer.
    activation : str
    rng : numpy.random.Generator
    sigma_w, sigma_b : float
        Scales of the weights, and of the normal biases.
    dtype : dtype
        Of scales and biases.

    Returns
    -------
    layers : list of HiddenLayer
    """
    layers, inputs = [], None if sample is None else sample.features
    for kind, size in zip(kinds, sizes, strict=True):
        n_inputs = layers[-1].n_units if layers else n_features
        targets = None if sample is None else sample.targets
        matrix, origin = draw_weights(kind, size, n_inputs, rng, inputs, targets)
        scales = sigma_w * _unit_scales(matrix, kind.kind_name == "orthogonal")
        shifts = sigma_b * rng.standard_normal(size)
        frozen = FrozenWeights.from_array(matrix)
        values = scales.astype(dtype), shifts.astype(dtype)
        layers.append(HiddenLayer(frozen, *values, activation, origin))
        if inputs is not None:
            (inputs,) = all_features(inputs, InputScaling(), layers[-1:], dtype)
    return layers


def _unit_scales(matrix, each_unit):
    """Factors (n_units,) that make the mean squared norm of units, or each norm, 1."""
    squares = matrix.multiply(matrix) if hasattr(matrix, "multiply") else matrix**2.0
    norms = np.asarray(squares.sum(axis=1, dtype=np.float64)).ravel()
    if not each_unit:
        norms = np.full(len(norms), norms.mean())
    return 1 / np.sqrt(np.where(norms > 0, norms, 1))
