"""The search for a weight-agnostic network between scikit-learn and its maths."""

import copy
import time
import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import StrOptions

from sklearn_halfnet._checks import real, whole
from sklearn_halfnet._device import check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.layer_options import fit_scaling
from sklearn_halfnet.estimators._common.legacy_outputs import keep_state_on_error
from sklearn_halfnet.estimators._common.validation import row_weights
from sklearn_halfnet.estimators.weight_agnostic._shared_weight import (
    SharedWeightNetwork,
)
from sklearn_halfnet.evolution.front import ParetoFront
from sklearn_halfnet.evolution.guided import GuidedSearch
from sklearn_halfnet.evolution.search import EvolutionSearch
from sklearn_halfnet.features.shared_weight import NODE_ACTIVATIONS, Graph

__all__ = ["BaseWeightAgnostic"]

# Rows of the training set on which graphs are compared and calibrated.
_JUDGED_ROWS = 5_000
# Fewer where classes are so many that their outputs would be more numbers than these.
_JUDGED_VALUES = 2**20
# Graphs are compared after steps whose numbers grow by this factor.
_JUDGED_EVERY = 1.25
# Candidates of guided search that fit into the cache together.
_MOST_CANDIDATES = 32
# Arrays of the size of the outputs that a step holds together.
_OUTPUT_ARRAYS = 8
# Settings that a search keeps to its end.
_FIXED = ("search", "shared_weights", "input_scaling", "dtype")


class BaseWeightAgnostic(SharedWeightNetwork, CallbackSupportMixin, BaseEstimator):
    """Search, for classifier and regressor alike."""

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
            known = self._targets.classes if resumes else None
            repeats, weight = row_weights(self, y, sample_weight, known)
            self._check_settings()
            if resumes:
                self._check_resumable()
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            if not resumes:
                self._targets = self._make_targets(y, repeats)
                self._scaling = self._fit_scaling(X, weight)
                self._begun_with = self._fixed_settings()
            data = self._data(X, y, weight, self.dtype)
            self._check_memory(X.shape)
            rng_start, rng_batch, rng_judge = child_generators(self.random_state, 3)
            search = self._make_search(X.shape[1], rng_start)
            if not resumes:
                self.history_, self.n_iter_ = [], 0
            self._front = self._make_front(data, search, rng_judge)
            if resumes:
                search.go_on_from(self._search, self._front.champion)
                self.history_ = list(self.history_)
            self._search = search
            # Each call of a warm start goes on with other batches.
            seeds = [int(rng_batch.integers(2**32)), self.n_iter_]
            metadata = None if weight is None else {"sample_weight": weight}
            rng = np.random.default_rng(seeds)
            self._run(data, rng, context, X, y, metadata)
            self._finish()
            context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _fit_scaling(self, X, weight):
        """Learn the scaling; "center" divides all columns by one number, too.

        A shared weight cannot make up for the inputs' scale, so it must be set here.
        """
        spread = 1.0 if self.input_scaling == "center" else None
        return fit_scaling(self, X, weight, spread)

    def _check_settings(self):
        weights = np.asarray(self.shared_weights, dtype=float)
        if weights.ndim != 1 or not len(weights) or not np.isfinite(weights).all():
            raise ValueError("shared_weights must be a list of finite numbers.")
        if (weights == 0).any():
            raise ValueError("shared_weights holds 0: it cuts every connection.")
        unknown = set(self.activations) - set(NODE_ACTIVATIONS)
        if unknown or not self.activations:
            raise ValueError(
                f"activations={self.activations!r} must be names among "
                f"{sorted(NODE_ACTIVATIONS)}."
            )
        shares = np.asarray(self.mutation_probabilities, dtype=float)
        if shares.shape != (4,) or (shares < 0).any() or not shares.sum() > 0:
            raise ValueError("mutation_probabilities must be four numbers >= 0.")

    def _fixed_settings(self):
        """Collect what a warm start cannot change."""
        settings = {name: getattr(self, name) for name in _FIXED}
        return settings | {"shared_weights": np.asarray(self.shared_weights).tolist()}

    def _check_resumable(self):
        """Raise if a warm start contradicts the search that it goes on with."""
        settings = self._fixed_settings()
        changed = [name for name in _FIXED if settings[name] != self._begun_with[name]]
        if changed:
            raise ValueError(
                f"warm_start=True goes on with the search that was begun, but "
                f"{', '.join(changed)} changed. Set warm_start=False to start anew."
            )

    def _check_memory(self, shape):
        """Estimate what a step of the search keeps, or the population itself."""
        n, d = shape
        k, w = self._targets.n_outputs, len(self.shared_weights)
        rows = n if self.batch_size == "full" else min(n, self.batch_size)
        width = np.dtype(self.dtype).itemsize
        n_bytes = width * rows * w * (_OUTPUT_ARRAYS * k + 2 * _MOST_CANDIDATES)
        what = f"batch_size={self.batch_size} with {k} outputs and {w} shared weights"
        remedy = "Use a smaller batch_size."
        # A genome holds its connections as float32, and which of them are disabled.
        genomes = 5 * self.population_size * (d + 1) * k
        if self.search == "evolution" and genomes > n_bytes:
            n_bytes = genomes
            what = f"population_size={self.population_size} with {d} columns"
            remedy = "Use a smaller population_size."
        check_memory(n_bytes, what, remedy)

    def _make_search(self, n_inputs, rng):
        kind, k = self._targets.loss, self._targets.n_outputs
        weights = np.asarray(self.shared_weights, self.dtype)
        activations = tuple(self.activations)
        if self.search == "guided":
            links = np.zeros((n_inputs + 1, k), self.dtype)
            return GuidedSearch(
                Graph(n_inputs, (), links),
                kind,
                weights,
                activations,
                self.complexity_penalty,
                self.max_connections,
                min(self.population_size, _MOST_CANDIDATES),
            )
        return EvolutionSearch(
            n_inputs,
            k,
            kind,
            weights,
            activations,
            tuple(self.mutation_probabilities),
            self.population_size,
            self.max_connections,
            self.n_jobs,
            rng,
        )

    def _make_front(self, data, search, rng):
        """Compare graphs on some rows; a warm start's best so far take part."""
        _, targets, share = data
        n_rows = min(_JUDGED_ROWS, max(1, _JUDGED_VALUES // len(targets)))
        batch = _batch(data, n_rows, rng)
        frequencies = targets @ (share / share.sum())
        front = ParetoFront(search.kind, search.weights, batch, frequencies)
        for graph, _ in getattr(self, "_front", ()) if self.n_iter_ else ():
            if graph.n_connections <= self.max_connections:
                front.offer(graph)
        return front

    def _run(self, data, rng, context, X, y, metadata):
        begun, next_offer = time.perf_counter(), 1
        size = len(data[0]) if self.batch_size == "full" else self.batch_size

        def draw(growth):
            return _batch(data, int(growth * size), rng)

        try:
            for number in range(1, self.max_iter + 1):
                loss = self._search.step(draw, rng)
                seconds = time.perf_counter() - begun
                self._note(loss, seconds)
                if number >= next_offer:
                    self._front.offer(self._search.graph)
                    next_offer = _JUDGED_EVERY * number
                over = self.max_time is not None and seconds >= self.max_time
                if self._report(context, X, y, metadata) or over:
                    break
        except KeyboardInterrupt:
            warnings.warn("Interrupted: the best graph so far is kept.", stacklevel=4)
        self._front.offer(self._search.graph)

    def _note(self, loss, seconds):
        self.n_iter_ += 1
        size = self._search.graph.n_connections
        entry = {"loss": loss, "n_connections": size, "seconds": seconds}
        self.history_.append(entry)

    def _report(self, context, X, y, metadata):
        if self.verbose:
            last = self.history_[-1]
            print(
                f"Iteration {self.n_iter_}, loss = {last['loss']:.4f}, "
                f"{last['n_connections']} connections, {last['seconds']:.1f} s",
                flush=True,
            )
        iteration = context.subcontext(task_name="iteration")
        iteration.call_on_fit_task_begin(estimator=self, X=X, y=y)
        return iteration.call_on_fit_task_end(
            estimator=self,
            X=X,
            y=y,
            metadata=metadata,
            reconstruction_attributes=self._attributes_now,
        )

    def _attributes_now(self):
        """Fitted attributes as they would be if the search stopped now."""
        twin = copy.copy(self)
        twin._search, twin._front = copy.copy(self._search), copy.copy(self._front)
        twin.history_ = list(self.history_)
        twin._front.offer(twin._search.graph)
        twin._finish()
        return vars(twin)

    def _finish(self):
        """Set the attributes of the champion: the smallest loss on training rows."""
        front = self._front
        self.pareto_front_ = front.points[np.argsort(front.points[:, 0])]
        self.loss_ = float(min(front.losses))
        sample = front.batch, front.frequencies
        self._take_graph(front.champion, front.weights, *sample)
        front.batch = None  # no training rows stay in the model


def _batch(data, size, rng):
    """Draw rows without repetition; all of them, in order, if there are no more."""
    X, targets, share = data
    if size < len(X):
        rows = rng.choice(len(X), size, replace=False)
        X, targets, share = X[rows], np.take(targets, rows, axis=1), share[rows]
    return X, targets, share / share.sum()
