"""Start values of hidden layers: weights drawn, pre-activations of unit variance."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.features.hidden_layer import HiddenLayer
from sklearn_halfnet.features.moments import Moments
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = [
    "BIASES",
    "StartSample",
    "draw_biases",
    "draw_hidden_layers",
    "draw_weights",
]

# Means and variances from 10,000 rows are off by one or two per cent.
_MAX_ROWS = 10_000
_MAX_BYTES = 256 * 2**20

# Of a unit's projection, relative to the median unit's.
_LEAST_VARIANCE = 1e-4

_PERIODIC = {"cos", "sin"}

BIASES = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "uniform": lambda rng, size: rng.uniform(-np.pi, np.pi, size),
    "zero": lambda rng, size: np.zeros(size),
}


@dataclass
class StartSample:
    """Training rows from which a network's start values are computed.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_features)
        Scaled and centred rows; dense.
    targets : ndarray of shape (n_rows,) or (n_rows, n_targets), or None
    sample_weight : ndarray of shape (n_rows,)
    n_whole : int
        Training rows of positive weight, of which these are some or all.
    """

    features: np.ndarray
    targets: np.ndarray
    sample_weight: np.ndarray
    n_whole: int

    @classmethod
    def draw(
        cls,
        X,
        targets,
        sample_weight,
        scaling,
        *,
        n_units,
        rng,
        dtype,
        max_rows=_MAX_ROWS,
    ):
        """Take all rows, or a random subset where there are many.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        targets : ndarray of shape (n_samples,) or (n_samples, n_targets), or None
        sample_weight : ndarray of shape (n_samples,) or None
            Rows of weight zero are not taken.
        scaling : InputScaling
        n_units : int
            At least so many rows are taken, where there are so many.
        rng : numpy.random.Generator
        dtype : dtype
        max_rows : int, default=10,000
            Taken where ``n_units`` is no larger.

        Returns
        -------
        sample : StartSample
        """
        n_columns = scaling.width(X.shape[1])
        n_rows = sample_size(n_columns, n_units, dtype, max_rows)
        rows = choose_rows(X.shape[0], sample_weight, n_rows, rng)
        weight = np.ones(len(rows)) if sample_weight is None else sample_weight[rows]
        features = scaling.start_rows(X[rows], dtype)
        taken = None if targets is None else targets[rows]
        n_whole = X.shape[0]
        if sample_weight is not None:
            n_whole = int(np.count_nonzero(sample_weight))
        return cls(features, taken, weight, n_whole)


def sample_size(n_features, n_units, dtype, max_rows=_MAX_ROWS):
    """How many rows ``StartSample.draw`` takes; parameters as there."""
    affordable = _MAX_BYTES // (n_features * np.dtype(dtype).itemsize)
    return max(n_units, min(max_rows, affordable))


def choose_rows(n_samples, sample_weight, n_rows, rng):
    """Choose rows of positive weight: all, or ``n_rows`` of them at random.

    Returns
    -------
    rows : ndarray of int
        Increasing.
    """
    rows = np.arange(n_samples)
    if sample_weight is not None:
        rows = np.flatnonzero(sample_weight > 0)
    if len(rows) > n_rows:
        rows = np.sort(rng.choice(rows, n_rows, replace=False))
    return rows


def draw_hidden_layers(
    sample, weight_kinds, sizes, activation, *, rng, scale: Any = "auto", bias="auto"
):
    """Draw a stack of layers, by default with pre-activations of unit variance.

    With ``scale="auto"`` a layer's scales are one over the standard deviation of
    r_h . x over the sample, and its shifts the biases drawn less the scaled mean. So
    units are neither dead nor saturated whatever the weight kind and the number of
    inputs. With a number, the layer is g(scale * r_h . x + b_h).

    Parameters
    ----------
    sample : StartSample
    weight_kinds : list of BaseWeights
        One a layer.
    sizes : list of int
        Units a layer.
    activation : str
    rng : numpy.random.Generator
    scale : "auto" or float, default="auto"
    bias : {"auto", "normal", "uniform", "zero"}, default="auto"
        N(0, 1), uniform over [-pi, pi], or none; "auto" is "uniform" for periodic
        activations and else "normal".

    Returns
    -------
    layers : list of HiddenLayer
    features : ndarray of shape (n_rows, sizes[-1])
        The last layer's features of the sample.
    """
    features, layers = sample.features, []
    share = sample.sample_weight / sample.sample_weight.sum()
    for kind, size in zip(weight_kinds, sizes, strict=True):
        matrix, origin = draw_weights(
            kind, size, features.shape[1], rng, features, sample.targets
        )
        projection = matmul(features, matrix.astype(features.dtype, copy=False).T)
        scales, means = _scales_and_means(projection, share, scale)
        shifts = draw_biases(bias, activation, size, rng) - means
        scales, shifts = scales.astype(features.dtype), shifts.astype(features.dtype)
        frozen = FrozenWeights.from_array(matrix)
        layers.append(HiddenLayer(frozen, scales, shifts, activation, origin))
        features = layers[-1].activate(projection)
    return layers, features


def draw_weights(kind, n_units, n_inputs, rng, X, y):
    """Draw a layer's weights.

    Returns
    -------
    matrix : {ndarray, CSR array} of shape (n_units, n_inputs)
    origin : tuple or None
        As HiddenLayer keeps it: kind and state of the generator give them again.
    """
    redrawn = kind.kind_name and not (kind.requires_X or kind.requires_y)
    origin = (kind, rng.bit_generator.state) if redrawn else None
    return kind.sample(n_units, n_inputs, rng, X=X, y=y), origin


def draw_biases(bias, activation, size, rng):
    """Draw ``size`` biases of the named distribution; "auto" goes by the activation."""
    if bias == "auto":
        bias = "uniform" if activation in _PERIODIC else "normal"
    return BIASES[bias](rng, size)


def _scales_and_means(projection, share, scale):
    """Scales of the units, and means of their scaled projections to be subtracted."""
    if scale != "auto":
        return np.full(projection.shape[1], float(scale)), 0.0
    moments = Moments.of(projection, share)
    mean, variance = moments.mean, moments.variance
    constant = variance <= 1e-10 * (variance + mean**2)
    # A unit that is nearly dead in the sample would be huge on a row that wakes it.
    floor = _LEAST_VARIANCE * np.median(variance)
    scales = 1 / np.sqrt(np.where(constant, 1, np.maximum(variance, floor)))
    return scales, mean * scales
