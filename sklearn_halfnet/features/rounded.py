"""Features rounded to 8 bits, for sums by the processor's integer products."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sklearn_halfnet._device import import_torch
from sklearn_halfnet._int8 import Int8Map, has_fast_int8
from sklearn_halfnet._matmul import row_blocks
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features.hidden_layer import forward_blocks
from sklearn_halfnet.features.scaling import InputScaling

__all__ = ["Rounding", "rounded_blocks"]

_LARGEST = 127
_N_LEVELS = 255
# Of the projections' standard deviation. Rounding the weights adds as much.
_LARGEST_NOISE = 0.01
# Rows that are projected at once: the inputs stay in the cache.
_TILE_BYTES = 8 * 2**20


@dataclass
class RoundedInputs:
    """Inputs as 8-bit integers u: x' = low + unit * u for the scaled inputs x'.

    Parameters
    ----------
    centre : ndarray of shape (n_features,) or float
        What is subtracted from x before it is rounded.
    scale : ndarray of shape (n_features,) or float
        What it is divided by.
    low, unit : float
    below : ndarray of shape (n_features,) or float
        What is missing between ``x'`` and the map's inputs: their means, where these
        are not subtracted from the inputs but go into the shifts.
    """

    centre: np.ndarray
    scale: np.ndarray
    low: float
    unit: float
    below: np.ndarray

    @classmethod
    def of(cls, features, scaling):
        """Choose the range of a sample of scaled rows; None if it is too coarse.

        Columns that are not scaled have one range, and are rounded as they are: pixels
        of 8 bits stay exact. Limited inputs are no linear function of x: None, too.
        """
        if any((scaling.limit is not None, scaling.embedding, scaling.coding)):
            return None
        centre, scale, below = scaling.mean, scaling.scale, 0.0
        if scale is None:
            below, centre, scale = (0.0 if centre is None else centre), 0.0, 1.0
        values = features + np.asarray(below, features.dtype)
        low, high = float(values.min()), float(values.max())
        unit = (high - low) / _N_LEVELS
        spread = np.sqrt(features.var(axis=0, dtype=np.float64).sum())
        noise = unit * np.sqrt(features.shape[1] / 12)
        if not 0 < noise <= _LARGEST_NOISE * spread:
            return None
        return cls(centre, scale, low, unit, below)

    def tensor(self, X, buffer):
        """Round a block of rows to a uint8 tensor; what lies outside is clipped."""
        torch = import_torch()

        centre = np.asarray(self.centre + self.scale * self.low, X.dtype)
        with np.errstate(over="ignore"):
            shifted = np.subtract(X, centre, out=buffer[: len(X)], casting="same_kind")
        factor = np.asarray(1 / (self.scale * np.float64(self.unit)), np.float32)
        scaled = torch.from_numpy(shifted).mul_(torch.from_numpy(factor))
        return scaled.add_(0.5).clamp_(0, _N_LEVELS).to(torch.uint8)


@dataclass
class Rounding:
    """How features, and the inputs of a single layer, are rounded.

    Parameters
    ----------
    step : float
        Unit in which features are rounded to -127 .. 127.
    inputs : RoundedInputs or None
        None leaves the inputs as they are.
    """

    step: float
    inputs: RoundedInputs = None

    @classmethod
    def of(cls, sample, layers, scaling):
        """Learn it from rows on which the layers were started.

        Parameters
        ----------
        sample : StartSample
        layers : list of HiddenLayer
        scaling : InputScaling

        Returns
        -------
        rounding : Rounding
            Its step is a quarter more than the largest feature of the sample, over
            127. Larger features are clipped.
        """
        X, peak = sample.features, 0.0
        for _, features in forward_blocks(X, InputScaling(), layers, X.dtype):
            peak = max(peak, *(float(np.abs(h).max()) for h in features))
        return cls(1.25 * peak / _LARGEST or 1.0, RoundedInputs.of(X, scaling))


def rounded_blocks(X, scaling, layers, rounding, max_bytes):
    """Compute the hidden features of X in units of ``rounding.step``, as int8.

    A single dense layer multiplies inputs and weights of 8 bits, if the inputs are of
    a range that allows for it. Others are computed in float32, and then rounded.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    scaling : InputScaling
    layers : list of HiddenLayer
    rounding : Rounding
    max_bytes : int
        Bound on the bytes of a block of features.

    Yields
    ------
    rows : slice
    features : ndarray of shape (n_rows, n_columns), int8
        All layers side by side. The next block overwrites them.
    """
    n_columns = sum(layer.n_units for layer in layers)
    matrix = layers[0].scaled_weights(np.float32)
    dense = not (sparse.issparse(X) or sparse.issparse(matrix))
    rounds_inputs = rounding.inputs is not None and has_fast_int8()
    if len(layers) == 1 and dense and rounds_inputs:
        fill = _RoundedLayer(layers[0], matrix, rounding).fill
    else:
        fill = _RoundedAfterwards(scaling, layers, rounding.step).fill
    buffer = None
    for rows in row_blocks(X.shape[0], n_columns, max_bytes):
        if buffer is None:
            buffer = np.empty((rows.stop - rows.start, n_columns), np.int8)
        features = buffer[: rows.stop - rows.start]
        fill(X[rows], features)
        yield rows, features


class _RoundedLayer:
    """One layer whose inputs, weights and features are 8-bit integers."""

    def __init__(self, layer, matrix, rounding):
        self.inputs, self.step = rounding.inputs, rounding.step
        weights = Int8Map(matrix)
        shifts = layer.shifts + weights.matrix @ np.broadcast_to(
            np.float32(self.inputs.low - self.inputs.below), matrix.shape[1]
        )
        self.project = weights.prepared(self.inputs.unit, shifts)
        self.activation = layer.activation

    def fill(self, X, out):
        torch = import_torch()

        row_bytes = 4 * X.shape[1]
        n_rows = max(1, min(len(X), _TILE_BYTES // row_bytes))
        buffer = np.empty((n_rows, X.shape[1]), np.float32)
        out = torch.from_numpy(out)
        for rows in row_blocks(len(X), row_bytes, _TILE_BYTES):
            out[rows] = self._features(self.inputs.tensor(X[rows], buffer))

    def _features(self, u):
        if self.activation == "relu":
            return self.project(u, self.step)
        hidden = ACTIVATIONS[self.activation].tensor(self.project(u))
        return hidden.mul_(1 / self.step).clamp_(-_LARGEST, _LARGEST).round_()


class _RoundedAfterwards:
    """Any layers, computed in float32."""

    def __init__(self, scaling, layers, step):
        self.scaling, self.layers, self.step = scaling, layers, step

    def fill(self, X, out):
        passes = forward_blocks(X, self.scaling, self.layers, np.float32)
        for rows, features in passes:
            for h in features:
                h *= 1 / self.step
                np.clip(h, -_LARGEST, _LARGEST, out=h)
                np.rint(h, out=h)
            np.concatenate(features, axis=1, out=out[rows], casting="unsafe")
