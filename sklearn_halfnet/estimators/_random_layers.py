"""Random hidden layers of the closed-form family: scales, biases, checks of sizes."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features import HiddenLayer, StartSample, draw_hidden_layers
from sklearn_halfnet.weights import WEIGHTS, FrozenWeights, check_weight_kind

__all__ = [
    "LAYER_CONSTRAINTS",
    "SIZE_CONSTRAINTS",
    "check_kinds",
    "check_sizes",
    "draw_random_layers",
]

LAYER_CONSTRAINTS = {
    "weight_kind": [
        StrOptions(set(WEIGHTS)),
        list,
        tuple,
        np.ndarray,
        HasMethods("sample"),
        callable,
    ],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "scale": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
    "bias": [StrOptions({"normal", "uniform", "zero"})],
    "input_scaling": [StrOptions({"standard", "center"}), None],
    "random_state": ["random_state"],
}

SIZE_CONSTRAINTS = [Interval(Integral, 1, None, closed="left"), list, tuple, np.ndarray]

_BIASES = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "uniform": lambda rng, size: rng.uniform(-np.pi, np.pi, size),
    "zero": lambda rng, size: np.zeros(size),
}


def check_sizes(hidden_layer_sizes):
    """Turn ``hidden_layer_sizes`` into a list of ints.

    Raises
    ------
    ValueError
        If it is not one positive int or a sequence of them.
    """
    sizes = np.atleast_1d(np.asarray(hidden_layer_sizes))
    whole = sizes.ndim == 1 and np.issubdtype(sizes.dtype, np.integer)
    if not whole or len(sizes) == 0 or (sizes < 1).any():
        raise ValueError(
            "hidden_layer_sizes must be a positive int or a sequence of them, got "
            f"{hidden_layer_sizes!r}."
        )
    return [int(size) for size in sizes]


def check_kinds(weight_kind, n_layers):
    """Turn ``weight_kind`` into a list of weight kinds, one a layer.

    Raises
    ------
    ValueError
        If a list has another length than there are layers.
    """
    kinds = weight_kind
    if not isinstance(kinds, (list, tuple)):
        kinds = [kinds] * n_layers
    if len(kinds) != n_layers:
        raise ValueError(
            f"weight_kind lists {len(kinds)} kinds for {n_layers} hidden layers; give "
            "one, or one a layer."
        )
    return [check_weight_kind(kind) for kind in kinds]


def draw_random_layers(sample, kinds, sizes, activation, rng, scale, bias):
    """Draw a stack of hidden layers that are not trained afterwards.

    Parameters
    ----------
    sample : StartSample
        Training rows: "auto" scales and data-driven kinds look at them.
    kinds : list of BaseWeights
    sizes : list of int
    activation : str
    rng : numpy.random.Generator
    scale : "auto" or float
        "auto" gives each unit's pre-activation unit variance over the sample; a number
        multiplies the weights as they were drawn.
    bias : {"normal", "uniform", "zero"}
        N(0, 1), uniform over [-pi, pi], or none.

    Returns
    -------
    layers : list of HiddenLayer
    """
    layers, features = [], sample.features
    for kind, size in zip(kinds, sizes, strict=True):
        below = StartSample(features, sample.targets, sample.sample_weight)
        if scale == "auto":
            layer, features = _unit_variance(below, kind, size, activation, rng, bias)
        else:
            layer = _as_drawn(below, kind, size, activation, rng, scale, bias)
            matrix = layer.weights.matrix(features.dtype)
            features = layer.activate(matmul(features, matrix.T))
        layers.append(layer)
    return layers


def _unit_variance(below, kind, size, activation, rng, bias):
    (layer,), features = draw_hidden_layers(below, [kind], [size], activation, rng)
    if bias == "normal":
        return layer, features
    matrix = layer.weights.matrix(features.dtype)
    projection = matmul(below.features, matrix.T)
    share = below.sample_weight / below.sample_weight.sum()
    shifts = _BIASES[bias](rng, size) - (share @ projection) * layer.scales
    layer = layer.with_values(layer.scales, shifts.astype(projection.dtype))
    return layer, layer.activate(projection)


def _as_drawn(below, kind, size, activation, rng, scale, bias):
    dtype, n_inputs = below.features.dtype, below.features.shape[1]
    matrix = kind.sample(size, n_inputs, rng, X=below.features, y=below.targets)
    scales = np.full(size, scale, dtype)
    shifts = _BIASES[bias](rng, size).astype(dtype)
    return HiddenLayer(FrozenWeights.from_array(matrix), scales, shifts, activation)
