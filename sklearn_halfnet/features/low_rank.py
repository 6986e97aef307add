"""Hidden layers whose weights have a learned geometry, and their start values."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_halfnet._matmul import matmul
from sklearn_halfnet.features.geometry import GEOMETRIES
from sklearn_halfnet.features.hidden_layer import HiddenLayer
from sklearn_halfnet.features.moments import Moments
from sklearn_halfnet.features.start import draw_biases
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = ["LowRankLayer", "draw_low_rank_layers", "linear_layer", "redraw_units"]


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

    def with_values(self, scales, shifts):
        """Return the layer with other scales and shifts."""
        return replace(self, units=self.units.with_values(scales, shifts))

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
        directions = _draw_directions(size, rank, rng, features.dtype)
        embedded = _project(embedding, features)
        values = _unit_values(embedded, directions, share, activation, rng)
        frozen = FrozenWeights.from_array(directions)
        units = HiddenLayer(frozen, *values, activation)
        layers.append(LowRankLayer(embedding, units))
        features = units.activate(_project(units, embedded))
    return layers, features, strength


def redraw_units(layers, features, sample_weight, activation, rng):
    """Draw the units of a stack anew for other inputs; A and Z stay as they are.

    Scales then bring pre-activations to unit variance on average, as A does in
    ``draw_low_rank_layers``.

    Parameters
    ----------
    layers : list of LowRankLayer
    features : ndarray of shape (n_rows, n_inputs)
        Of the first layer.
    sample_weight : ndarray of shape (n_rows,)
    activation : str
    rng : numpy.random.Generator

    Returns
    -------
    layers : list of LowRankLayer
    features : ndarray of shape (n_rows, n_units)
        The last layer's.
    """
    redrawn, share = [], sample_weight / sample_weight.sum()
    for layer in layers:
        embedded = _project(layer.embedding, features)
        directions = layer.units.weights.matrix(features.dtype)
        spread = Moments.of(embedded, share).spread() or 1.0
        values = _unit_values(embedded, directions, share, activation, rng, spread)
        redrawn.append(layer.with_values(*values))
        units = redrawn[-1].units
        features = units.activate(_project(units, embedded))
    return redrawn, features


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


def _unit_values(embedded, directions, share, activation, rng, spread=1.0):
    """Scales and shifts of z_h . u / sqrt(rank), u = A^T x brought to unit spread."""
    (size, rank), dtype = directions.shape, embedded.dtype
    divisor = np.sqrt(rank) * spread
    biases = draw_biases("auto", activation, size, rng)
    shifts = biases - directions @ (share @ embedded) / divisor
    return np.full(size, 1 / divisor, dtype), shifts.astype(dtype)
