"""The search for a weight-agnostic network between scikit-learn and its maths."""

import copy
import time
import warnings

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._base import keep_state_on_error
from sklearn_halfnet.estimators._constraints import real, whole
from sklearn_halfnet.estimators._validation import total_weight
from sklearn_halfnet.evolution.guided import GuidedSearch
from sklearn_halfnet.evolution.losses import calibrate, derivatives, losses
from sklearn_halfnet.evolution.ranking import fronts
from sklearn_halfnet.evolution.search import EvolutionSearch
from sklearn_halfnet.features.shared_weight import (
    NODE_ACTIVATIONS,
    Graph,
    backward,
    connection_sums,
    forward,
)

__all__ = ["BaseWeightAgnostic"]

# Rows of the training set on which graphs are compared and calibrated.
_JUDGED_ROWS = 5_000


class BaseWeightAgnostic(CallbackSupportMixin, BaseEstimator):
    """Fit and predict, for classifier and regressor alike."""

    _parameter_constraints = {
        "search": [StrOptions({"guided", "evolution"})],
        "shared_weights": ["array-like"],
        "population_size": [whole(1)],
        "max_iter": [whole(1)],
        "max_time": [real(0, closed="neither"), None],
        "batch_size": [whole(1), StrOptions({"full"})],
        "complexity_penalty": [real(0)],
        "max_connections": [whole(1)],
        "activations": [list, tuple],
        "mutation_probabilities": [list, tuple],
        "input_scaling": [StrOptions({"standard", "center"}), None],
        "predict_with": [StrOptions({"ensemble", "tuned", "mean"})],
        "warm_start": ["boolean"],
        "dtype": [StrOptions({"float32", "float64"})],
        "n_jobs": [whole(-1), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def _fit(self, X, y, sample_weight):
        with keep_state_on_error(self):
            resumes = self.warm_start and hasattr(self, "_search")
            context = self._init_callback_context(max_subtasks=self.max_iter)
            X, y = self._validate_training(X, y, reset=not resumes)
            weight = total_weight(y, sample_weight, getattr(self, "class_weight", None))
            self._check_settings()
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            if not resumes:
                self._targets = self._make_targets(y, weight)
            data = self._data(X, y, weight, resumes)
            rng_start, rng_batch, rng_judge = child_generators(self.random_state, 3)
            if not resumes:
                self._search = self._make_search(X.shape[1], rng_start)
                self.history_, self.n_iter_ = [], 0
                self._kept = []
            judged = _batch(data, _JUDGED_ROWS, rng_judge)
            # Each call of a warm start goes on with other batches.
            rng_batch = np.random.default_rng(
                [int(rng_batch.integers(2**32)), self.n_iter_]
            )
            self._run(data, judged, rng_batch, context, X, y)
            self._finish(judged)
            context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _check_settings(self):
        weights = np.asarray(self.shared_weights, dtype=float)
        if weights.ndim != 1 or not len(weights) or not np.isfinite(weights).all():
            raise ValueError("shared_weights must be a list of finite numbers.")
        unknown = set(self.activations) - set(NODE_ACTIVATIONS)
        if unknown or not self.activations:
            raise ValueError(
                f"activations={self.activations!r} must be names among "
                f"{sorted(NODE_ACTIVATIONS)}."
            )
        shares = np.asarray(self.mutation_probabilities, dtype=float)
        if shares.shape != (4,) or (shares < 0).any() or not shares.sum() > 0:
            raise ValueError("mutation_probabilities must be four numbers >= 0.")

    def _data(self, X, y, weight, resumes):
        """Scaled inputs (n, d), targets (K, n) and shares (n,), in ``dtype``."""
        X = X.toarray() if sparse.issparse(X) else X
        if weight is not None:
            X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        if not resumes:
            self._learn_scaling(X, weight)
        encoded = self._targets.encode(y, np.float64)
        targets = self._targets.indicators(encoded).T.astype(self.dtype)
        share = np.ones(len(X)) if weight is None else weight
        return self._scaled(X), np.ascontiguousarray(targets), share.astype(self.dtype)

    def _learn_scaling(self, X, weight):
        n = X.shape[1]
        self._center, self._scale = np.zeros(n), np.ones(n)
        if self.input_scaling is None:
            return
        self._center = np.average(X, axis=0, weights=weight)
        variance = np.average((X - self._center) ** 2, axis=0, weights=weight)
        if self.input_scaling == "center":
            variance = np.full(n, variance.mean())
        flat = variance <= 1e-20 * (1 + self._center**2)
        self._scale = np.where(flat, 1.0, np.sqrt(variance))

    def _scaled(self, X):
        X = X.toarray() if sparse.issparse(X) else X
        return ((X - self._center) / self._scale).astype(self.dtype)

    def _make_search(self, n_inputs, rng):
        kind, k = self._targets.loss, self._targets.n_outputs
        weights = np.asarray(self.shared_weights, self.dtype)
        if self.search == "guided":
            empty = Graph(n_inputs, (), np.zeros((n_inputs + 1, k), self.dtype))
            return GuidedSearch(
                empty,
                kind,
                weights,
                tuple(self.activations),
                self.complexity_penalty,
                self.max_connections,
                min(self.population_size, 32),
            )
        return EvolutionSearch(
            n_inputs,
            k,
            kind,
            weights,
            tuple(self.activations),
            tuple(self.mutation_probabilities),
            self.population_size,
            self.max_connections,
            self.n_jobs,
            rng,
        )

    def _run(self, data, judged, rng, context, X, y):
        begun = time.perf_counter()
        size = len(data[0]) if self.batch_size == "full" else self.batch_size
        every = max(1, self.max_iter // 50)
        try:
            for number in range(1, self.max_iter + 1):
                loss = self._search.step(*_batch(data, size, rng), rng)
                seconds = time.perf_counter() - begun
                self.n_iter_ += 1
                size_now = self._search.graph.n_connections
                self.history_.append(
                    {"loss": loss, "n_connections": size_now, "seconds": seconds}
                )
                over = self.max_time is not None and seconds >= self.max_time
                if number % every == 0 or over or number == self.max_iter:
                    self._judge(judged)
                if self._report(context, X, y) or over:
                    break
        except KeyboardInterrupt:
            warnings.warn("Interrupted: the best graph so far is kept.", stacklevel=4)

    def _judge(self, judged):
        """Compare the graph of now with the kept ones, on the same rows."""
        graph, search = self._search.graph, self._search
        outputs = forward(graph, judged[0], search.weights)[0][graph.n_hidden :]
        scale = calibrate(search.kind, outputs, *judged[1:])
        loss = losses(search.kind, outputs, *judged[1:], *scale).mean()
        self._kept.append((float(loss), graph))
        points = np.array([(-value, -g.n_connections) for value, g in self._kept])
        front = np.flatnonzero(fronts(points) == 0)
        self._kept = [self._kept[i] for i in front]

    def _report(self, context, X, y):
        if self.verbose:
            last = self.history_[-1]
            print(
                f"Iteration {self.n_iter_}, loss = {last['loss']:.4f}, "
                f"{last['n_connections']} connections, {last['seconds']:.1f} s",
                flush=True,
            )
        iteration = context.subcontext(task_name="iteration")
        iteration.call_on_fit_task_begin(estimator=self, X=X, y=y)
        return iteration.call_on_fit_task_end(estimator=self, X=X, y=y)

    def _finish(self, judged):
        """Set the attributes of the champion: the smallest loss on training rows."""
        if not self._kept:
            self._judge(judged)
        loss, champion = min(self._kept, key=lambda pair: pair[0])
        self.pareto_front_ = np.array(
            sorted((g.n_connections, value) for value, g in self._kept)
        )
        self._take(champion.pruned(), judged, self._search.weights)
        self.loss_ = loss

    def _take(self, graph, judged, weights):
        self._graph, self.shared_weights_ = graph, np.asarray(weights, self.dtype)
        self.node_activations_ = np.array(graph.activations, dtype=str)
        self.connections_ = graph.connections
        self.n_connections_ = graph.n_connections
        kind = self._targets.loss
        # Calibration between the shared weights is interpolated on a grid.
        span = np.abs(self.shared_weights_).max()
        grid = np.union1d(np.linspace(-span, span, 33), self.shared_weights_)
        self._grid = grid.astype(self.dtype)
        outputs = forward(graph, judged[0], self._grid)[0][graph.n_hidden :]
        start = np.tile(0.3 / np.maximum(self._grid**2, 1e-3), (len(outputs), 1))
        self._factor, self._offset = calibrate(
            kind, outputs, *judged[1:], start.astype(self.dtype), 40
        )
        value = losses(kind, outputs, *judged[1:], self._factor, self._offset)
        places = np.searchsorted(self._grid, self.shared_weights_)
        self.best_weight_ = float(self.shared_weights_[value[places].argmin()])

    def _outputs(self, X, weights):
        """Calibrated outputs (W, n, K) on the targets' scale."""
        weights = np.asarray(weights, self.dtype)
        X, h = self._scaled(X), self._graph.n_hidden
        factor, offset = (
            np.stack([np.interp(weights, self._grid, row) for row in table])
            for table in (self._factor, self._offset)
        )
        blocks = []
        for start in range(0, max(len(X), 1), 2000):
            outputs = forward(self._graph, X[start : start + 2000], weights)[0][h:]
            blocks.append(factor[..., None] * outputs + offset[..., None])
        scores = np.concatenate(blocks, axis=2).transpose(1, 2, 0).astype(np.float64)
        return scores * self._targets.scale + self._targets.mean

    def _scores(self, X):
        if self.predict_with == "tuned":
            return self._outputs(X, [self.best_weight_])[0]
        scores = self._outputs(X, self.shared_weights_)
        return self._pooled(scores)

    def train_weights(self, X, y, *, sample_weight=None, max_iter=200):
        """Train every connection's own weight, from the best shared one.

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
        weight = total_weight(y, sample_weight)
        X, targets, share = trained._data(X, y, weight, resumes=True)
        data = X, targets, share / share.sum()
        at = int(
            np.searchsorted(self._grid, np.dtype(self.dtype).type(self.best_weight_))
        )
        start = self._graph.connections * np.dtype(self.dtype).type(self.best_weight_)
        scale = self._factor[:, at : at + 1], self._offset[:, at : at + 1]
        kind = self._targets.loss
        graph = _trained_graph(self._graph, start, kind, data, scale, max_iter)
        trained._take(graph, data, [1.0])
        return trained

    def weight_profile(self, X, y, weights=None):
        """Score the network at each shared weight.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        weights : array-like of shape (W,), default=None
            By default ``shared_weights_``.

        Returns
        -------
        weights, scores : ndarray of shape (W,)
            Accuracy, or R2.
        """
        check_is_fitted(self)
        weights = np.asarray(self.shared_weights_ if weights is None else weights)
        X, y = self._validate_training(X, y, reset=False)
        encoded = self._targets.encode(y, np.float64)
        scores = self._outputs(X, weights) - self._targets.mean
        scores = scores / self._targets.scale
        return weights, np.array([self._targets.score(encoded, s) for s in scores])

    def to_networkx(self):
        """Make a ``networkx.DiGraph`` of the network.

        Returns
        -------
        graph : networkx.DiGraph
            Nodes have an attribute "activation", connections "weight".
        """
        import networkx

        check_is_fitted(self)
        d, h = self._graph.n_inputs, self._graph.n_hidden
        inputs, hidden = [f"x{i}" for i in range(d)], [f"h{i}" for i in range(h)]
        outputs = [f"y{i}" for i in range(self._graph.n_outputs)]
        graph = networkx.DiGraph()
        graph.add_nodes_from([*inputs, "bias"], activation="input")
        for name, activation in zip(hidden, self._graph.activations, strict=True):
            graph.add_node(name, activation=activation)
        graph.add_nodes_from(outputs, activation="linear")
        sources, targets = [*inputs, "bias", *hidden], [*hidden, *outputs]
        for i, j in np.argwhere(self.connections_):
            weight = float(self.connections_[i, j])
            graph.add_edge(sources[i], targets[j], weight=weight)
        return graph


def _trained_graph(graph, start, kind, data, scale, max_iter):
    """Minimise the loss over the weights of the connections that are present."""
    X, targets, share = data
    present, one = start != 0, np.ones(1, X.dtype)

    def objective(values):
        links = np.zeros_like(start)
        links[present] = values
        trial = Graph(graph.n_inputs, graph.activations, links)
        pre, acts = forward(trial, X, one)
        outputs = pre[graph.n_hidden :]
        loss = losses(kind, outputs, targets, share, *scale).sum()
        slopes = derivatives(kind, outputs, targets, share, *scale)
        first, _ = backward(trial, one, pre, acts, *slopes)
        gradient = connection_sums(trial, X, one, acts, first, 1)
        return float(loss), gradient[present].astype(np.float64)

    found = minimize(
        objective,
        start[present].astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iter},
    )
    links = np.zeros_like(start)
    links[present] = found.x
    return Graph(graph.n_inputs, graph.activations, links)


def _batch(data, size, rng):
    """Draw rows without repetition; all of them, in order, if there are no more."""
    X, targets, share = data
    if size < len(X):
        rows = rng.choice(len(X), size, replace=False)
        X, targets, share = X[rows], targets[:, rows], share[rows]
    return X, targets, share / share.sum()
