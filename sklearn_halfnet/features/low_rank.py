"""Start values of hidden layers whose weights have a learned geometry."""

import numpy as np

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.features.geometry import GEOMETRIES
from sklearn_halfnet.features.hidden_layer import HiddenLayer
from sklearn_halfnet.features.scaling import Moments
from sklearn_halfnet.features.start import draw_biases
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = ["draw_directions", "draw_low_rank_layers", "linear_layer"]


def draw_low_rank_layers(sample, indicators, ranks, sizes, activation, geometry, rng):
    """Draw a stack of layers z = g(scales * (Z A^T x) + shifts).

    A is scaled so that the units' pre-activations have unit variance on average; its
    length is what Z leaves open, so no further factor is needed. Shifts start at a draw
    from N(0, 1) less the mean of the pre-activation.

    Parameters
    ----------
    sample : StartSample
    indicators : ndarray of shape (n_rows, n_targets)
        0/1 or real targets of the sample.
    ranks, sizes : list of int
        Columns of A, and units, of each layer.
    activation : str
    geometry : str
        A name in ``GEOMETRIES``.
    rng : numpy.random.Generator

    Returns
    -------
    layers : list of HiddenLayer
        Two for each hidden layer: A^T x, then the units fed by it.
    features : ndarray of shape (n_rows, sizes[-1])
        The last layer's features of the sample.
    strength : float
        At which the ridge regressions that found A would predict best, the largest,
        relative as in ``ridge``.
        These features have seen the targets: cross-validation on them is too kind.
    """
    features, layers, strength = sample.features, [], 0.0
    share = sample.sample_weight / sample.sample_weight.sum()
    for rank, size in zip(ranks, sizes, strict=True):
        factor, used = GEOMETRIES[geometry](features, indicators, share, rank, rng)
        strength = max(strength, used)
        embedding = linear_layer(_scaled(factor, features, share))
        units = _units(embedding, features, share, size, activation, rng)
        layers += [embedding, units]
        features = units.activate(_project(units, _project(embedding, features)))
    return layers, features, strength


def draw_directions(n_units, rank, rng, dtype):
    """Draw Z (n_units, rank) from N(0, 1)."""
    return rng.standard_normal((n_units, rank)).astype(dtype)


def linear_layer(factor):
    """Make the layer that computes A^T x from A (n_inputs, rank)."""
    ones = np.ones(factor.shape[1], factor.dtype)
    weights = FrozenWeights.from_array(np.ascontiguousarray(factor.T))
    return HiddenLayer(weights, ones, np.zeros_like(ones), "identity")


def _project(layer, features):
    return matmul(features, layer.weights.matrix(features.dtype).T)


def _scaled(factor, features, share):
    """Scale A to a mean variance of one of the coordinates of A^T x."""
    factor = factor.astype(features.dtype)
    embedded = matmul(features, factor)
    spread = Moments.of(embedded, share).spread()
    # All rows may be alike.
    return factor / features.dtype.type(spread) if spread else factor


def _units(embedding, features, share, size, activation, rng):
    """Units on z_h . u / sqrt(rank), u = A^T x."""
    rank, dtype = embedding.n_units, features.dtype
    directions = draw_directions(size, rank, rng, dtype)
    mean = share @ _project(embedding, features)
    biases = draw_biases("auto", activation, size, rng)
    shifts = biases - directions @ mean / np.sqrt(rank)
    scales = np.full(size, 1 / np.sqrt(rank), dtype)
    frozen = FrozenWeights.from_array(directions)
    return HiddenLayer(frozen, scales, shifts.astype(dtype), activation)
