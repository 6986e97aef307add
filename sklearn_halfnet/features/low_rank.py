"""Hidden layers whose weights have a learned geometry, and their start values."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.features.geometry import GEOMETRIES
from sklearn_halfnet.features.hidden_layer import HiddenLayer
from sklearn_halfnet.features.moments import Moments
from sklearn_halfnet.features.start import draw_biases
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = ["LowRankLayer", "draw_low_rank_layers", "linear_layer"]


@dataclass(frozen=True)
class LowRankLayer:
    """Units on an embedding: z = g(scales * (Z A^T x) + shifts).

    Parameters
    ----------
    embedding : HiddenLayer
        A^T x.
    units : HiddenLayer
        With Z for weights.
    """

    embedding: HiddenLayer
    units: HiddenLayer

    @property
    def stack(self):
        """Both, in the order of their computation."""
        return [self.embedding, self.units]

    def factor(self, dtype):
        """Return A, (n_inputs, rank)."""
        return self.embedding.weights.matrix(dtype).T

    @property
    def n_weights(self):
        """Numbers in A and in Z."""
        return sum(int(np.prod(layer.weights.shape)) for layer in self.stack)

    @property
    def n_factor(self):
        """Numbers in A."""
        return int(np.prod(self.embedding.weights.shape))

    def with_factor(self, factor):
        """Return the layer with another A."""
        return replace(self, embedding=linear_layer(factor))

    def redrawn(self, rng, dtype):
        """Return the layer with a new Z."""
        directions = _draw_directions(*self.units.weights.shape, rng, dtype)
        return replace(self, units=self.units.with_frozen(directions))


def draw_low_rank_layers(
    sample, indicators, *, ranks, sizes, activation, geometry, rng
):
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
    layers : list of LowRankLayer
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
        layers.append(LowRankLayer(embedding, units))
        features = units.activate(_project(units, _project(embedding, features)))
    return layers, features, strength


def _draw_directions(n_units, rank, rng, dtype):
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
    directions = _draw_directions(size, rank, rng, dtype)
    mean = share @ _project(embedding, features)
    biases = draw_biases("auto", activation, size, rng)
    shifts = biases - directions @ mean / np.sqrt(rank)
    scales = np.full(size, 1 / np.sqrt(rank), dtype)
    frozen = FrozenWeights.from_array(directions)
    return HiddenLayer(frozen, scales, shifts.astype(dtype), activation)
