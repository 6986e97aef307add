"""One hidden layer with frozen weights, and the forward pass through a stack."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import issparse

from sklearn_halfnet._matmul import matmul, row_blocks
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features.scaling import working_columns
from sklearn_halfnet.weights.storage import FrozenWeights

__all__ = [
    "HiddenLayer",
    "all_features",
    "forward_blocks",
    "last_features",
    "linear_scores",
]

# Of fewer bytes, the product itself is slower (by 8 per cent at a quarter of these); of
# more, the scaled rows that it is taken of no longer fit a cache.
_CACHE_BYTES = 64 * 2**20


@dataclass
class HiddenLayer:
    """Units z_h = g(scales_h * (r_h . x) + shifts_h) with frozen r_h.

    Parameters
    ----------
    weights : FrozenWeights of shape (n_units, n_inputs)
    scales : ndarray of shape (n_units,)
    shifts : ndarray of shape (n_units,)
    activation : str
        A name in ``ACTIVATIONS``.
    origin : tuple (BaseWeights, dict) or None
        The kind that drew the weights and the state of the generator before, where
        these give the weights again.
    """

    weights: FrozenWeights
    scales: np.ndarray
    shifts: np.ndarray
    activation: str
    origin: tuple = None

    def activate(self, projection):
        """Turn the projection (n_rows, n_units) into features, in place."""
        projection *= self.scales
        projection += self.shifts
        return ACTIVATIONS[self.activation].array(projection)

    def scaled_weights(self, dtype, scales=None):
        """Weights times scales, (n_units, n_inputs), as an operand of products.

        Parameters
        ----------
        dtype : dtype
        scales : ndarray of shape (n_units,), default=None
            None takes the layer's own.
        """
        scales = self.scales if scales is None else scales
        matrix, scales = self.weights.matrix(dtype), np.asarray(scales, dtype)[:, None]
        return matrix.multiply(scales).tocsr() if issparse(matrix) else matrix * scales

    def with_values(self, scales, shifts):
        """Return the same layer with other scales and shifts."""
        return replace(self, scales=scales, shifts=shifts)

    def with_frozen(self, array):
        """Return the same layer with weights that no kind has drawn."""
        return replace(self, weights=FrozenWeights.from_array(array), origin=None)

    def without_weights(self):
        """Return the layer as it travels: its weights are drawn again on arrival."""
        return (
            self if self.origin is None else replace(self, weights=self.weights.shape)
        )

    def with_weights(self):
        """Draw the weights again where ``without_weights`` left them out."""
        if not isinstance(self.weights, tuple):
            return self
        kind, rng = self.draw()
        weights = FrozenWeights.from_array(kind.sample(*self.weights, rng))
        return replace(self, weights=weights)

    def draw(self):
        """Return the kind, and a generator as it was when the weights were drawn."""
        kind, state = self.origin
        rng = np.random.default_rng()
        rng.bit_generator.state = state
        return kind, rng

    @property
    def n_units(self):
        """Number of units."""
        return len(self.scales)

    @property
    def nbytes(self):
        """Bytes that the layer occupies in a model."""
        return self.weights.nbytes + self.scales.nbytes + self.shifts.nbytes


def forward_blocks(X, scaling, layers, dtype, max_bytes=16 * 2**20):
    """Compute the hidden features of X block by block.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    scaling : InputScaling
    layers : list of HiddenLayer
    dtype : dtype
        In which to compute.
    max_bytes : int, default=16 MiB
        Bound on the bytes of a block's widest layer.

    Yields
    ------
    rows : slice
    features : list of ndarray of shape (n_rows, n_units)
        One entry a layer, the last layer's last. The next block overwrites them.
    """
    matrices = [layer.scaled_weights(dtype) for layer in layers]
    row_bytes = working_columns(X, layers) * np.dtype(dtype).itemsize
    buffers = scaled = None
    for rows in row_blocks(X.shape[0], row_bytes, max_bytes):
        n_rows = rows.stop - rows.start
        # New memory for each block would cost as much as the arithmetic on it.
        if buffers is None:
            buffers = [np.empty((n_rows, layer.n_units), dtype) for layer in layers]
        features = [buffer[:n_rows] for buffer in buffers]
        for part in row_blocks(n_rows, row_bytes, _CACHE_BYTES):
            below = X[rows.start + part.start : rows.start + part.stop]
            if scaled is None and not issparse(X):
                scaled = np.empty(below.shape, X.dtype)
            spare = None if scaled is None else scaled[: part.stop - part.start]
            outs = [h[part] for h in features]
            _forward(below, scaling, layers, matrices, spare, outs)
        yield rows, features


def _forward(X, scaling, layers, matrices, scaled, outs):
    """Write the features of a few rows, layer by layer, into ``outs``."""
    dtype, below = outs[0].dtype, None
    for layer, matrix, out in zip(layers, matrices, outs, strict=True):
        if below is None:
            scaling.project(X, matrix, dtype, scaled=scaled, out=out)
        else:
            matmul(below, matrix.T, out=out)
        out += layer.shifts
        below = ACTIVATIONS[layer.activation].array(out)


def last_features(X, scaling, layers, dtype):
    """Compute the last layer's features (n_rows, n_units) of all rows at once."""
    return _gathered(X, scaling, layers, dtype, layers[-1:])[0]


def all_features(X, scaling, layers, dtype):
    """Compute every layer's features of all rows at once.

    Returns
    -------
    features : list of ndarray of shape (n_rows, n_units)
        One entry a layer.
    """
    return _gathered(X, scaling, layers, dtype, layers)


def _gathered(X, scaling, layers, dtype, kept):
    """Features of all rows of the last layers, those that are ``kept``."""
    features = [np.empty((X.shape[0], layer.n_units), dtype) for layer in kept]
    for rows, hidden in forward_blocks(X, scaling, layers, dtype):
        for whole, block in zip(features, hidden[-len(kept) :], strict=True):
            whole[rows] = block
    return features


def linear_scores(blocks, n_rows, coef, intercept):
    """Compute V h + c of features that come in blocks.

    Parameters
    ----------
    blocks : iterable of (slice, ndarray of shape (n_block_rows, n_columns))
    n_rows : int
    coef : ndarray of shape (n_outputs, n_columns)
    intercept : ndarray of shape (n_outputs,)

    Returns
    -------
    scores : ndarray of shape (n_rows, n_outputs), float64
    """
    scores = np.empty((n_rows, len(coef)))
    # In float64: few columns are rounded differently among few and many rows.
    coef = coef.T.astype(np.float64)
    for rows, features in blocks:
        scores[rows] = matmul(features.astype(np.float64, copy=False), coef)
    return scores + intercept
