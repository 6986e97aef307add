"""A found graph with its calibration: what prediction needs, and nothing else."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from sklearn_halfnet.evolution.calibration import calibrate
from sklearn_halfnet.evolution.losses import derivatives, losses
from sklearn_halfnet.features.shared_weight import (
    Graph,
    backward,
    connection_sums,
    forward,
)

__all__ = ["CalibratedNetwork"]

_GRID, _STEPS, _BLOCK = 33, 40, 2_000
# Activities that are computed together: they stay in a processor's cache.
_MOST = 2**20


@dataclass(frozen=True)
class CalibratedNetwork:
    """A graph whose outputs are calibrated for any shared weight.

    Factors are fitted on a grid of weights and interpolated, times w^2, in between: the
    scores of two layers in a row grow as w^2 does.

    Parameters
    ----------
    graph : Graph
    kind : {"softmax", "logistic", "squared_error"}
    grid : ndarray of shape (G,)
        Increasing weights.
    factor, offset : ndarray of shape (K, G)
        Calibration at each.
    """

    graph: Graph
    kind: str
    grid: np.ndarray
    factor: np.ndarray
    offset: np.ndarray

    @classmethod
    def fit(cls, graph, kind, weights, batch, frequencies=None):
        """Calibrate a graph.

        Parameters
        ----------
        graph : Graph
        kind : {"softmax", "logistic", "squared_error"}
        weights : ndarray of shape (W,)
            The grid spans these and holds them.
        batch : tuple of ndarray
            X (n, d), targets (K, n) and the rows' shares (n,), of sum one.
        frequencies : ndarray of shape (K,), default=None
            See ``calibrate``.

        Returns
        -------
        network : CalibratedNetwork
        """
        grid = _grid(weights).astype(batch[0].dtype)
        per_weight = (graph.n_hidden + graph.n_outputs) * len(batch[0])
        parts = np.array_split(
            grid, min(len(grid), 1 + len(grid) * per_weight // _MOST)
        )
        scales = [_scale(graph, kind, part, batch, frequencies) for part in parts]
        factor, offset = (
            np.concatenate(each, axis=1) for each in zip(*scales, strict=True)
        )
        return cls(graph, kind, grid, factor, offset)

    @property
    def dtype(self):
        """Precision of the outputs."""
        return self.grid.dtype

    def at(self, weights):
        """Interpolate the calibration: factor and offset, each (K, W)."""
        weights = np.asarray(weights, self.dtype)
        by_square = self.factor * _squares(self.grid)
        factor, offset = (
            np.stack([np.interp(weights, self.grid, row) for row in table])
            for table in (by_square, self.offset)
        )
        return factor / _squares(weights), offset

    def outputs(self, X, weights):
        """Compute calibrated outputs.

        Parameters
        ----------
        X : ndarray of shape (n, d)
        weights : array-like of shape (W,)

        Returns
        -------
        outputs : ndarray of shape (W, n, K) of float64
        """
        weights = np.asarray(weights, self.dtype)
        factor, offset = self.at(weights)
        blocks = []
        for start in range(0, max(len(X), 1), _BLOCK):
            pre = forward(self.graph, X[start : start + _BLOCK], weights)[0]
            raw = pre[self.graph.n_hidden :]
            blocks.append(factor[..., None] * raw + offset[..., None])
        return np.concatenate(blocks, axis=2).transpose(1, 2, 0).astype(np.float64)

    def losses(self, weights, batch):
        """Compute the mean loss at each weight, (W,)."""
        outputs = forward(self.graph, batch[0], weights)[0][self.graph.n_hidden :]
        return losses(self.kind, outputs, *batch[1:], *self.at(weights))

    def trained(self, weight, batch, max_iter):
        """Train every connection's own weight by L-BFGS, from a shared one.

        Parameters
        ----------
        weight : float
        batch : tuple of ndarray
            As in ``fit``.
        max_iter : int

        Returns
        -------
        network : CalibratedNetwork
            Its connections hold the weights; its shared weight is one.
        """
        dtype = self.dtype
        start, scale = self.graph.connections * dtype.type(weight), self.at([weight])
        scale = tuple(array.astype(dtype) for array in scale)
        found = minimize(
            _objective,
            start[start != 0].astype(np.float64),
            args=(self.graph, self.kind, batch, scale),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": max_iter},
        )
        graph = _with_weights(self.graph, found.x)
        return CalibratedNetwork.fit(graph, self.kind, np.ones(1, dtype), batch)


def _grid(weights):
    """Spread weights evenly, but closer around zero, where offsets soon change."""
    span = np.abs(weights).max()
    near = span * 0.5 ** np.arange(4.5, 9, 0.5)
    even = np.linspace(-span, span, _GRID)
    return np.unique(np.concatenate([even, near, -near, weights]))


def _scale(graph, kind, weights, batch, frequencies):
    """Calibrate a graph's outputs for some weights."""
    X, targets, share = batch
    outputs = forward(graph, X, weights)[0][graph.n_hidden :]
    factor = np.tile(0.3 / _squares(weights), (len(outputs), 1)).astype(X.dtype)
    sample = kind, outputs, targets, share
    return calibrate(*sample, (factor, None), _STEPS, frequencies=frequencies)


def _squares(weights):
    return np.maximum(np.square(weights), 1e-3)


def _with_weights(graph, values):
    """Put weights in the place of the connections that are present."""
    links = np.zeros_like(graph.connections)
    links[graph.connections != 0] = values
    return Graph(graph.n_inputs, graph.activations, links)


def _objective(values, graph, kind, batch, scale):
    """Compute the loss and its gradient by the connections' weights, block by block."""
    X, targets, share = batch
    trial, one = _with_weights(graph, values), np.ones(1, X.dtype)
    loss, gradient = 0.0, 0.0
    for start in range(0, len(X), _BLOCK):
        rows = slice(start, start + _BLOCK)
        pre, acts = forward(trial, X[rows], one)
        goal = kind, pre[graph.n_hidden :], targets[:, rows], share[rows], *scale
        loss += float(losses(*goal)[0])
        first, _ = backward(trial, one, pre, acts, *derivatives(*goal))
        gradient = gradient + connection_sums(trial, X[rows], one, acts, first, 1)
    return loss, gradient[graph.connections != 0].astype(np.float64)
