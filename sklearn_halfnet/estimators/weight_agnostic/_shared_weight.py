"""What a fitted weight-agnostic estimator does with its graph."""

import copy

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import check_numbers, check_options, whole
from sklearn_halfnet.estimators._common.legacy_outputs import keep_state_on_error
from sklearn_halfnet.estimators._common.validation import row_weights, total_weight
from sklearn_halfnet.evolution.network import CalibratedNetwork
from sklearn_halfnet.features.computation import (
    Computation,
    Mean,
    Scale,
    SharedWeightGraph,
)

__all__ = ["SharedWeightNetwork"]


class SharedWeightNetwork:
    """Scores of the found graph, its profile, its training and its pictures."""

    def _data(self, X, y, weight, dtype):
        """Scaled inputs (n, d), targets (K, n) and shares (n,)."""
        if weight is not None:
            X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        encoded = self._targets.encode(y, np.float64)
        targets = self._targets.indicators(encoded).T.astype(dtype)
        share = np.ones(X.shape[0]) if weight is None else weight / weight.max()
        # One order: rounding would decide between graphs otherwise.
        inputs = np.ascontiguousarray(self._scaling.start_rows(X, dtype))
        return inputs, np.ascontiguousarray(targets), share.astype(dtype)

    def _take_graph(self, graph, weights, batch, frequencies=None):
        """Calibrate a graph and make it this estimator's."""
        kind = self._targets.loss
        network = CalibratedNetwork.fit(graph, kind, weights, batch, frequencies)
        self._take(network, weights, network.losses(weights, batch))

    def _take(self, network, weights, losses):
        self._network = network
        self.shared_weights_ = np.asarray(weights, network.dtype)
        self.tuned_weight_ = float(self.shared_weights_[np.argmin(losses)])
        self.node_activations_ = np.array(network.graph.activations, dtype=str)
        self.connections_ = network.graph.connections
        self.n_connections_ = network.graph.n_connections

    def _outputs(self, X, weights):
        """Calibrated outputs (W, n, K) in the targets' units."""
        outputs = self._network.outputs(
            self._scaling.dense_rows(X, self._network.dtype), weights
        )
        return outputs * self._targets.scale + self._targets.mean

    @property
    def n_trainable_parameters_(self):
        """Real numbers that were fitted."""
        check_is_fitted(self)
        k = self._targets.n_outputs
        n_factors = 1 if self._targets.loss == "softmax" else k
        is_trained = not np.isin(self.connections_, (0, 1)).all()
        n_connections = self.n_connections_ if is_trained else 0
        return len(self.shared_weights_) * (n_factors + k) + n_connections

    def _scores(self, X):
        if self.predict_with == "tuned":
            return self._outputs(X, [self.tuned_weight_])[0]
        return self._pooled(self._outputs(X, self.shared_weights_))

    def _forward_steps(self):
        tuned = self.predict_with == "tuned"
        weights = np.array([self.tuned_weight_]) if tuned else self.shared_weights_
        steps = Computation(self.n_features_in_).then(Scale(self._scaling))
        steps = steps.then(self._graph_step(weights))
        # An ensemble of classifiers is the mean of their probabilities.
        if self.predict_with == "ensemble" and self._targets.loss != "squared":
            return steps
        return steps.then(Mean(len(weights)))

    def _graph_step(self, weights):
        """Make the step from inputs to outputs in the targets' units."""
        factor, offset = (table.T for table in self._network.at(weights))
        factor, offset = factor * self._targets.scale, offset * self._targets.scale
        offset = offset + self._targets.mean
        return SharedWeightGraph(self._network.graph, weights, factor, offset)

    @check_options({"max_iter": [whole(1)]})
    def train_weights(self, X, y, sample_weight=None, *, max_iter=200):
        """Train every connection's own weight, from the tuned shared one.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
        max_iter : int, default=200
            Iterations of L-BFGS on all rows.

        Returns
        -------
        trained : estimator
            A copy whose ``connections_`` hold the trained weights, and whose only
            shared weight is one. This estimator stays as it is.
        """
        check_is_fitted(self)
        trained = copy.copy(self)
        X, y = trained._validate_training(X, y, reset=False)
        _, weight = row_weights(self, y, sample_weight, self._targets.classes)
        X, targets, share = self._data(X, y, weight, self._network.dtype)
        batch = X, targets, share / share.sum()
        network = self._network.trained(self.tuned_weight_, batch, max_iter)
        with keep_state_on_error(trained):
            one = np.ones(1, self._network.dtype)
            trained._take(network, one, network.losses(one, batch))
        return trained

    def weight_profile(self, X, y, weights=None, *, sample_weight=None):
        """Score the network at each shared weight.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        weights : array-like of shape (W,), default=None
            By default ``shared_weights_``.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        scores : ndarray of shape (W,)
            Accuracy, or R2.

        See Also
        --------
        sklearn_halfnet.inspection.weight_profile_display.WeightProfileDisplay
        """
        check_is_fitted(self)
        weights = self.shared_weights_ if weights is None else weights
        weights = check_numbers(weights, "weights", ensure_2d=False)
        if weights.ndim != 1:
            raise ValueError(f"weights must have one dimension, got {weights.shape}.")
        X, y = self._validate_training(X, y, reset=False)
        encoded = self._targets.encode(y, np.float64)
        share = total_weight(y, sample_weight)
        outputs = (self._outputs(X, weights) - self._targets.mean) / self._targets.scale
        return np.array([self._targets.score(encoded, each, share) for each in outputs])

    def to_networkx(self):
        """Make a ``networkx.DiGraph`` of the network.

        Returns
        -------
        graph : networkx.DiGraph
            Nodes have attributes "activation" and "layer", connections "weight". Inputs
            that no connection leaves are left out.

        Raises
        ------
        ImportError
            If networkx is not installed.
        """
        from sklearn_halfnet.inspection.graph import to_networkx

        check_is_fitted(self)
        return to_networkx(self)

    def plot(self, ax=None):
        """Draw the network in layers.

        Parameters
        ----------
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : GraphDisplay
        """
        from sklearn_halfnet.inspection.graph_display import GraphDisplay

        return GraphDisplay.from_estimator(self).plot(ax)
