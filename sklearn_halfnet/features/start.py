"""Start values of hidden layers: weights drawn, pre-activations of unit variance."""

from dataclasses import dataclass

import numpy as np

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.features.hidden_layer import HiddenLayer
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = ["StartSample", "draw_hidden_layers", "draw_shifts"]

# Means and variances from 10,000 rows are off by one or two per cent.
_MAX_ROWS = 10_000
_MAX_BYTES = 256 * 2**20

_PERIODIC = {"cos", "sin"}


@dataclass
class StartSample:
    """Training rows from which a network's start values are computed.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_features)
        Scaled and centred rows; dense.
    targets : ndarray of shape (n_rows,) or (n_rows, n_targets)
    sample_weight : ndarray of shape (n_rows,)
    """

    features: np.ndarray
    targets: np.ndarray
    sample_weight: np.ndarray

    @classmethod
    def draw(cls, X, targets, sample_weight, scaling, n_units, rng, dtype):
        """Take all rows, or a random subset where there are many.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        targets : ndarray of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : ndarray of shape (n_samples,) or None
            Rows of weight zero are not taken.
        scaling : InputScaling
        n_units : int
            At least so many rows are taken, where there are so many.
        rng : numpy.random.Generator
        dtype : dtype

        Returns
        -------
        sample : StartSample
        """
        if sample_weight is None:
            sample_weight = np.ones(X.shape[0])
        rows = np.flatnonzero(sample_weight > 0)
        affordable = _MAX_BYTES // (X.shape[1] * np.dtype(dtype).itemsize)
        n_rows = max(n_units, min(_MAX_ROWS, affordable))
        if len(rows) > n_rows:
            rows = np.sort(rng.choice(rows, n_rows, replace=False))
        features = scaling.dense_rows(X[rows], dtype)
        return cls(features, targets[rows], sample_weight[rows])


def draw_hidden_layers(sample, weight_kinds, sizes, activation, rng):
    """Draw a stack of layers whose pre-activations have unit variance.

    A layer's scales start at one over the standard deviation of r_h . x over the
    sample, and its shifts at a draw from N(0, 1) (from a full period, for periodic
    activations) less the scaled mean. So units are neither dead nor saturated whatever
    the weight kind and the number of inputs.

    Parameters
    ----------
    sample : StartSample
    weight_kinds : list of BaseWeights
        One a layer.
    sizes : list of int
        Units a layer.
    activation : str
    rng : numpy.random.Generator

    Returns
    -------
    layers : list of HiddenLayer
    features : ndarray of shape (n_rows, sizes[-1])
        The last layer's features of the sample.
    """
    features, layers = sample.features, []
    share = sample.sample_weight / sample.sample_weight.sum()
    for kind, size in zip(weight_kinds, sizes, strict=True):
        matrix = kind.sample(size, features.shape[1], rng, X=features, y=sample.targets)
        projection = matmul(features, matrix.astype(features.dtype, copy=False).T)
        scales, shifts = _unit_variance(projection, share, activation, rng)
        frozen = FrozenWeights.from_array(matrix)
        layers.append(HiddenLayer(frozen, scales, shifts, activation))
        features = layers[-1].activate(projection)
    return layers, features


def _unit_variance(projection, share, activation, rng):
    """Start values (scales, shifts) of one layer."""
    n_units, dtype = projection.shape[1], projection.dtype
    mean = share @ projection
    square = np.einsum("i,ij,ij->j", share.astype(dtype), projection, projection)
    variance = square - mean**2
    constant = variance <= 1e-10 * square
    scales = 1 / np.sqrt(np.where(constant, 1, variance))
    shifts = draw_shifts(n_units, activation, rng) - mean * scales
    return scales.astype(dtype), shifts.astype(dtype)


def draw_shifts(n_units, activation, rng):
    """Draw offsets from N(0, 1), or from a full period of a periodic activation."""
    if activation in _PERIODIC:
        return rng.uniform(-np.pi, np.pi, n_units)
    return rng.standard_normal(n_units)
