"""A graph whose connections share one weight, as a fitted network."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.special import log_softmax, logsumexp

from sklearn_halfnet.evolution.network import CalibratedNetwork
from sklearn_halfnet.features.computation import (
    Computation,
    Mean,
    Scale,
    SharedWeightGraph,
)
from sklearn_halfnet.features.scaling import InputScaling
from sklearn_halfnet.models.targets import ClassTargets, RealTargets

__all__ = ["SharedWeightModel", "scaled_batch"]


@dataclass(frozen=True)
class SharedWeightModel:
    """A calibrated graph between the user's units of X and of y.

    Parameters
    ----------
    targets : ClassTargets or RealTargets
    scaling : InputScaling
    network : CalibratedNetwork
    shared_weights : ndarray of shape (W,)
    tuned_weight : float
        That of the smallest training loss.
    predict_with : {"ensemble", "tuned", "mean"}
        What is made of the outputs for several weights.
    """

    targets: ClassTargets | RealTargets
    scaling: InputScaling
    network: CalibratedNetwork
    shared_weights: np.ndarray
    tuned_weight: float
    predict_with: Literal["ensemble", "tuned", "mean"] = "ensemble"

    @classmethod
    def calibrated(cls, targets, scaling, graph, weights, *, batch, frequencies=None):
        """Calibrate a graph on rows.

        Parameters
        ----------
        targets : ClassTargets or RealTargets
        scaling : InputScaling
        graph : Graph
        weights : ndarray of shape (W,)
        batch : tuple of ndarray
            As ``scaled_batch`` returns it.
        frequencies : ndarray of shape (K,), default=None
            Mean targets of all rows, where these ones are a sample.

        Returns
        -------
        model : SharedWeightModel
        """
        network = CalibratedNetwork.fit(
            graph, targets.loss, weights, batch, frequencies
        )
        return cls._of(targets, scaling, network, weights, batch)

    @classmethod
    def _of(cls, targets, scaling, network, weights, batch):
        weights = np.asarray(weights, network.dtype)
        tuned = weights[np.argmin(network.losses(weights, batch))]
        return cls(targets, scaling, network, weights, float(tuned))

    @property
    def graph(self):
        """The graph itself."""
        return self.network.graph

    @property
    def node_activations(self):
        """Activation of each hidden node."""
        return np.array(self.graph.activations, dtype=str)

    @property
    def n_trained(self):
        """Real numbers that were fitted."""
        k = self.targets.n_outputs
        n_factors = 1 if self.targets.loss == "softmax" else k
        is_trained = not np.isin(self.graph.connections, (0, 1)).all()
        n_connections = self.graph.n_connections if is_trained else 0
        return len(self.shared_weights) * (n_factors + k) + n_connections

    @property
    def nbytes(self):
        """Bytes that connections and calibration occupy."""
        network = self.network
        arrays = self.graph.connections, network.grid, network.factor, network.offset
        return sum(array.nbytes for array in arrays)

    def outputs(self, X, weights):
        """Compute calibrated outputs (W, n, K) in the units of y.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n, d)
        weights : array-like of shape (W,)
        """
        rows = self.scaling.dense_rows(X, self.network.dtype)
        outputs = self.network.outputs(rows, weights)
        return outputs * self.targets.scale + self.targets.mean

    def scores(self, X):
        """Pool the outputs for several weights, (n, K), as ``predict_with`` says.

        The probabilities of an ensemble's scores are the mean over the weights.
        """
        if self.predict_with == "tuned":
            return self.outputs(X, [self.tuned_weight])[0]
        outputs = self.outputs(X, self.shared_weights)
        if self.predict_with == "mean" or self.targets.loss == "squared_error":
            return outputs.mean(axis=0)
        if self.targets.loss == "softmax":
            logs = log_softmax(outputs, axis=2)
            return logsumexp(logs, axis=0) - np.log(len(outputs))
        logs: Any = [
            logsumexp(-np.logaddexp(0, sign * outputs), axis=0) for sign in (-1, 1)
        ]
        return logs[0] - logs[1]

    def steps(self):
        """Say how X becomes scores.

        Returns
        -------
        computation : Computation
        """
        tuned = self.predict_with == "tuned"
        weights = np.array([self.tuned_weight]) if tuned else self.shared_weights
        steps = Computation(self.graph.n_inputs).then(Scale(self.scaling))
        steps = steps.then(self._graph_step(weights))
        # An ensemble of classifiers is the mean of their probabilities.
        if self.predict_with == "ensemble" and self.targets.loss != "squared_error":
            return steps
        return steps.then(Mean(len(weights)))

    def _graph_step(self, weights):
        """Make the step from inputs to outputs in the units of y."""
        factor, offset = (table.T for table in self.network.at(weights))
        factor, offset = factor * self.targets.scale, offset * self.targets.scale
        return SharedWeightGraph(
            self.graph, weights, factor, offset + self.targets.mean
        )

    def profile(self, X, y, weights, sample_weight):
        """Score each of several shared weights, (W,): accuracy, or R2."""
        encoded = self.targets.encode(y, np.float64)
        outputs = self.outputs(X, weights) - self.targets.mean
        return np.array(
            [
                self.targets.score(encoded, each / self.targets.scale, sample_weight)
                for each in outputs
            ]
        )

    def with_graph(self, graph, batch):
        """Return the model of another graph, calibrated on a batch."""
        parts = self.targets, self.scaling, graph, self.shared_weights
        return self.calibrated(*parts, batch=batch)

    def trained(self, X, y, sample_weight, max_iter):
        """Train every connection's own weight; the only shared one is then one.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n, d)
        y : ndarray of shape (n,) or (n, n_outputs)
        sample_weight : ndarray of shape (n,) or None
        max_iter : int

        Returns
        -------
        model : SharedWeightModel
        """
        dtype = self.network.dtype
        inputs, targets, share = scaled_batch(
            self.targets, self.scaling, X, y, sample_weight=sample_weight, dtype=dtype
        )
        batch = inputs, targets, share / share.sum()
        network = self.network.trained(self.tuned_weight, batch, max_iter)
        one = np.ones(1, dtype)
        return self._of(self.targets, self.scaling, network, one, batch)

    def predicting_with(self, how):
        """Return the same model with another ``predict_with``."""
        return replace(self, predict_with=how)


def scaled_batch(targets, scaling, X, y, *, sample_weight, dtype):
    """Scale the rows of positive weight.

    Parameters
    ----------
    targets : ClassTargets or RealTargets
    scaling : InputScaling
    X : {ndarray, CSR matrix} of shape (n, d)
    y : ndarray of shape (n,) or (n, n_outputs)
    sample_weight : ndarray of shape (n,) or None
    dtype : dtype

    Returns
    -------
    inputs : ndarray of shape (n, d)
    wanted : ndarray of shape (K, n)
        Indicators of classes, or standardised targets.
    share : ndarray of shape (n,)
        Weights, of which the largest is one.
    """
    weight = sample_weight
    if weight is not None:
        X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
    encoded = targets.encode(y, np.float64)
    wanted = targets.indicators(encoded).T.astype(dtype)
    share = np.ones(X.shape[0]) if weight is None else weight / weight.max()
    # One order: rounding would decide between graphs otherwise.
    inputs = np.ascontiguousarray(scaling.start_rows(X, dtype))
    return inputs, np.ascontiguousarray(wanted), share.astype(dtype)
