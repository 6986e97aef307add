"""Boosted random features as a value: layers that see what others before predict."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_halfnet._matmul import matmul, row_blocks
from sklearn_halfnet.features import HiddenLayer, InputScaling
from sklearn_halfnet.features.computation import Computation, Join, Layer, Scale
from sklearn_halfnet.models.targets import ClassTargets, RealTargets

__all__ = ["BoostedLayer", "BoostedModel"]

_BLOCK_BYTES = 16 * 2**20


@dataclass(frozen=True, eq=False)
class BoostedLayer:
    """Random units, and the step of the scores that was solved for on them.

    Parameters
    ----------
    hidden : HiddenLayer
        Of the inputs and, but for the first layer, the scores so far.
    coef : ndarray of shape (n_outputs, n_units)
    intercept : ndarray of shape (n_outputs,)
    """

    hidden: HiddenLayer
    coef: np.ndarray
    intercept: np.ndarray

    def features(self, X, scores, scaling, dtype):
        """Compute the units (n_rows, n_units) of rows and their scores."""
        weights: Any = self.hidden.weights.matrix(dtype)
        n_inputs = scaling.width(X.shape[1])
        z = scaling.project(X, weights[:, :n_inputs], dtype)
        # The first layer sees none of them.
        of_scores = weights[:, n_inputs:]
        z += scores[:, : of_scores.shape[1]].astype(dtype) @ of_scores.T
        return self.hidden.activate(z)

    def step(self, features):
        """Compute what the layer adds to the scores, float64."""
        coef = self.coef.T.astype(np.float64)
        return matmul(features.astype(np.float64, copy=False), coef) + self.intercept


@dataclass(frozen=True, eq=False)
class BoostedModel:
    """s_t = s_{t-1} + V_t g(W_t [x; s_{t-1}] + b_t) + c_t, for t = 1 to T.

    Parameters
    ----------
    n_features : int
        Columns of X.
    scaling : InputScaling
        From X to x.
    dtype : {"float32", "float64"}
        Of what is stored, and in which features are computed.
    targets : ClassTargets or RealTargets
    start : ndarray of shape (n_outputs,)
        s_0, the same for all rows.
    layers : tuple of BoostedLayer
    losses : tuple of float
        Cross-fitted loss of s_0, ..., s_T.
    slope, offset : ndarray of shape (n_outputs,)
        From s_t to scores on the scale of y, or log odds.
    directions : {"gradient", "isotropic"}
        What the first layer's weights were drawn from.
    """

    n_features: int
    scaling: InputScaling
    dtype: str
    targets: ClassTargets | RealTargets
    start: np.ndarray
    layers: tuple[BoostedLayer, ...]
    losses: tuple[float, ...]
    slope: np.ndarray
    offset: np.ndarray
    directions: str

    @property
    def n_trained(self):
        """Numbers that were solved for: the steps of all layers."""
        return sum(layer.coef.size + layer.intercept.size for layer in self.layers)

    @property
    def nbytes(self):
        """Bytes of all arrays that prediction needs."""
        parts = [self.scaling, self.start, self.slope, self.offset]
        for layer in self.layers:
            parts += [layer.hidden, layer.coef, layer.intercept]
        return sum(part.nbytes for part in parts)

    @property
    def weights(self):
        """Frozen weights of each layer, (n_units, n_inputs)."""
        return [layer.hidden.weights.matrix(self.dtype) for layer in self.layers]

    def with_layer(self, layer, loss):
        """Return the model with one layer more."""
        layers, losses = (*self.layers, layer), (*self.losses, loss)
        return replace(self, layers=layers, losses=losses)

    def staged_scores(self, X):
        """Scores after each layer, a list of (n_samples, n_outputs), float64."""
        stages = [
            np.empty((X.shape[0], len(self.start))) for _ in (self.start, *self.layers)
        ][: len(self.layers) or 1]
        for rows in self._blocks(X):
            for stage, scores in zip(stages, self._staged(X[rows]), strict=True):
                stage[rows] = scores * self.slope + self.offset
        return stages

    def scores(self, X):
        """Scores (n_samples, n_outputs) of validated rows, on the scale of y."""
        scores = np.empty((X.shape[0], len(self.start)))
        for rows in self._blocks(X):
            *_, last = self._staged(X[rows])
            scores[rows] = last * self.slope + self.offset
        return scores

    def _blocks(self, X):
        widest = max((layer.hidden.n_units for layer in self.layers), default=1)
        # Features in their own type, and in float64.
        return row_blocks(X.shape[0], 12 * (widest + X.shape[1]), _BLOCK_BYTES)

    def _staged(self, X):
        """Yield s_1, ..., s_T of a few rows; s_0 of a model without layers."""
        scores = np.tile(self.start, (X.shape[0], 1))
        if not self.layers:
            yield scores
        for layer in self.layers:
            features = layer.features(X, scores, self.scaling, self.dtype)
            scores = scores + layer.step(features)
            yield scores

    def steps(self):
        """Return the same as a Computation, for exports."""
        steps = Computation(self.n_features).then(Scale(self.scaling))
        if not self.layers:
            nothing = np.zeros((len(self.start), steps.widths[-1]))
            return steps.read_out(nothing, self.start * self.slope + self.offset)
        inputs, scores = steps.last, None
        for layer in self.layers:
            coef, intercept = layer.coef, layer.intercept
            if scores is None:
                steps = steps.then(Layer(layer.hidden))
                intercept = intercept + self.start
            else:
                steps = steps.then(Join(), [inputs, scores]).then(Layer(layer.hidden))
                steps = steps.then(Join(), [scores, steps.last])
                coef = np.hstack([np.eye(len(coef)), coef])
            steps = steps.read_out(coef, intercept)
            scores = steps.last
        return steps.read_out(np.diag(self.slope), self.offset)
