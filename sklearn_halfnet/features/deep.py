"""Deep stacks of random layers whose weight scale is prescribed, not fitted."""

import numpy as np

from sklearn_halfnet.features.hidden_layer import HiddenLayer, all_features
from sklearn_halfnet.features.scaling import InputScaling
from sklearn_halfnet.features.start import draw_weights
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = ["draw_deep_layers", "draw_layer"]


def draw_deep_layers(sample, n_features, kinds, sizes, *, dtype, **options):
    """Draw layers with weights of scale sigma_w / sqrt(number of inputs).

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
    dtype : dtype
        Of scales and biases.
    **options : dict
        ``activation``, ``rng``, ``sigma_w`` and ``sigma_b`` of :func:`draw_layer`.

    Returns
    -------
    layers : list of HiddenLayer
    """
    layers, rows = [], {}
    if sample is not None:
        rows = {"inputs": sample.features, "targets": sample.targets}
    for kind, size in zip(kinds, sizes, strict=True):
        n_inputs = layers[-1].n_units if layers else n_features
        layers.append(draw_layer(kind, size, n_inputs, dtype=dtype, **rows, **options))
        if rows:
            (rows["inputs"],) = all_features(
                rows["inputs"], InputScaling(), layers[-1:], dtype
            )
    return layers


def draw_layer(
    kind,
    n_units,
    n_inputs,
    *,
    activation,
    rng,
    sigma_w,
    sigma_b,
    dtype,
    inputs=None,
    targets=None,
):
    """Draw one layer with weights of scale sigma_w / sqrt(number of inputs).

    Whatever the kind, a layer's weights have this root mean square; those of orthogonal
    weights have it in each unit, so that a square layer is sigma_w times an orthogonal
    matrix.

    Parameters
    ----------
    kind : BaseWeights
    n_units, n_inputs : int
    activation : str
    rng : numpy.random.Generator
    sigma_w, sigma_b : float
        Scales of the weights, and of the normal biases.
    dtype : dtype
        Of scales and biases.
    inputs : ndarray of shape (n_rows, n_inputs), default=None
        Rows as the layer sees them, for kinds that are made from data.
    targets : ndarray of shape (n_rows,) or (n_rows, n_targets), default=None

    Returns
    -------
    layer : HiddenLayer
    """
    matrix, origin = draw_weights(kind, n_units, n_inputs, rng, inputs, targets)
    scales = sigma_w * _unit_scales(matrix, kind.kind_name == "orthogonal")
    shifts = sigma_b * rng.standard_normal(n_units)
    frozen = FrozenWeights.from_array(matrix)
    values = scales.astype(dtype), shifts.astype(dtype)
    return HiddenLayer(frozen, *values, activation, origin)


def _unit_scales(matrix, each_unit):
    """Factors (n_units,) that make the mean squared norm of units, or each norm, 1."""
    squares = matrix.multiply(matrix) if hasattr(matrix, "multiply") else matrix**2.0
    norms = np.asarray(squares.sum(axis=1, dtype=np.float64)).ravel()
    if not each_unit:
        norms = np.full(len(norms), norms.mean())
    return 1 / np.sqrt(np.where(norms > 0, norms, 1))
