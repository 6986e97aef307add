"""The family of weight-agnostic networks: parameters, search, and what it found."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet._checks import check_numbers, check_options, real, whole
from sklearn_halfnet._device import check_memory
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.fitting import (
    fit_once,
    keep_state_on_error,
    of_model,
)
from sklearn_halfnet.estimators._common.layer_options import (
    LAYER_CONSTRAINTS,
    fit_scaling,
)
from sklearn_halfnet.estimators._common.types import (
    FloatName,
    InputScalingName,
    RandomState,
)
from sklearn_halfnet.estimators._common.validation import (
    make_targets,
    row_weights,
    total_weight,
    validate_training,
)
from sklearn_halfnet.estimators._common.versions import (
    set_versioned_state,
    versioned_state,
)
from sklearn_halfnet.estimators.weight_agnostic._search import SearchState, draw_batch
from sklearn_halfnet.evolution.guided import GuidedSearch
from sklearn_halfnet.evolution.search import EvolutionSearch
from sklearn_halfnet.features.shared_weight import NODE_ACTIVATIONS, Graph
from sklearn_halfnet.files.checkpoint import checkpoint_of
from sklearn_halfnet.models.shared_weight import SharedWeightModel, scaled_batch

__all__ = ["WeightAgnostic"]

# Graphs are compared after steps whose numbers grow by this factor.
_JUDGED_EVERY = 1.25
# Candidates of guided search that fit into the cache together.
_MOST_CANDIDATES = 32
# Arrays of the size of the outputs that a step holds together.
_OUTPUT_ARRAYS = 8
# Settings that a search keeps to its end.
_FIXED = ("search", "shared_weights", "input_scaling", "dtype")


def _of_search(read, doc):
    """Make an attribute that reads the search."""

    def of_estimator(estimator):
        check_is_fitted(estimator, "search_")
        return read(estimator.search_)

    return property(of_estimator, doc=doc)


@dataclass(eq=False, repr=False)
class WeightAgnostic(CallbackSupportMixin, BaseEstimator):
    """Networks whose topology is searched and whose connections share one weight."""

    search: Literal["guided", "evolution"] = "guided"
    _: KW_ONLY
    shared_weights: Sequence[float] | NDArray[Any] = (-2, -1, -0.5, 0.5, 1, 2)
    population_size: int = 96
    max_iter: int = 300
    max_time: float | None = None
    batch_size: int | Literal["full"] = 1000
    complexity_penalty: float = 1e-4
    max_connections: int = 450
    activations: Sequence[str] = tuple(NODE_ACTIVATIONS)
    mutation_probabilities: Sequence[float] = (0.2, 0.25, 0.05, 0.5)
    input_scaling: InputScalingName = "auto"
    predict_with: Literal["ensemble", "tuned", "mean"] = "ensemble"
    warm_start: bool = False
    n_jobs: int | None = None
    random_state: RandomState = None
    dtype: FloatName = "float32"
    verbose: bool | int = False

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
        "input_scaling": LAYER_CONSTRAINTS["input_scaling"],
        "predict_with": [StrOptions({"ensemble", "tuned", "mean"})],
        "warm_start": ["boolean"],
        "dtype": [StrOptions({"float32", "float64"})],
        "n_jobs": [whole(-1), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    connections_ = of_model("graph.connections", "0 or 1, or trained weights.")
    node_activations_ = of_model("node_activations", "Of each hidden node.")
    n_connections_ = of_model("graph.n_connections", "Connections present.")
    shared_weights_ = of_model("shared_weights", "Weights of the ensemble.")
    tuned_weight_ = of_model("tuned_weight", "That of the smallest training loss.")
    n_trainable_parameters_ = of_model("n_trained", "Real numbers that were fitted.")
    history_ = _of_search(lambda s: list(s.history), "What each step achieved.")
    n_iter_ = _of_search(lambda s: len(s.history), "Steps done.")
    loss_ = _of_search(lambda s: s.loss, "Mean loss over the shared weights.")
    pareto_front_ = _of_search(lambda s: s.points, "Connections and loss of graphs.")

    __getstate__ = versioned_state
    __setstate__ = set_versioned_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def model_(self) -> SharedWeightModel:
        """The found network, which predicts as ``predict_with`` says now."""
        check_is_fitted(self, "_model")
        return self._model.predicting_with(self.predict_with)

    @model_.setter
    def model_(self, model: SharedWeightModel) -> None:
        self._model = model

    # -- fit ---------------------------------------------------------------------------

    fit = fit_once

    def _takes_chunks(self):
        raise AttributeError(
            "A search compares graphs on all rows: there is no partial_fit. Use fit, "
            "and warm_start=True to go on."
        )

    def _fit(self, X, y, sample_weight):
        with keep_state_on_error(self):
            former = getattr(self, "search_", None) if self.warm_start else None
            context = self._init_callback_context(max_subtasks=self.max_iter)
            X, y = validate_training(self, X, y, reset=former is None)
            known = None if former is None else self.model_.targets.classes
            repeats, weight = row_weights(self, y, sample_weight, known)
            self._check_settings()
            if former is not None:
                self._check_resumable(former)
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            if former is None:
                units = make_targets(self, y, repeats), self._fit_scaling(X, weight)
            else:
                units = self.model_.targets, self.model_.scaling
            rows = {"sample_weight": weight}
            data = scaled_batch(*units, X, y, **rows, dtype=self.dtype)
            self._check_memory(X.shape, units[0].n_outputs)
            rng = self._start(data, units[0], former)

            def attributes_now():
                search, model = self._found(*units)
                return {"search_": search, "model_": model}

            def report():
                iteration = context.subcontext(task_name="iteration")
                iteration.call_on_fit_task_begin(estimator=self, X=X, y=y)
                return iteration.call_on_fit_task_end(
                    estimator=self,
                    X=X,
                    y=y,
                    metadata=None if weight is None else rows,
                    reconstruction_attributes=attributes_now,
                )

            kept = checkpoint_of(self, X, y, weight, former)
            self._run(data, rng, report, kept)
            self.search_, self.model_ = self._found(*units)
            context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _start(self, data, targets, former):
        """Begin a search, or go on with a former one; return what draws its batches."""
        rng_start, rng_batch, rng_judge = child_generators(self.random_state, 3)
        engine = self._engine(data[0].shape[1], targets, rng_start)
        search = SearchState.start(engine, self._fixed_settings(), data, rng_judge)
        if former is not None:
            search = search.resumed(former, self.max_connections)
        self.search_ = search
        # Each call of a warm start goes on with other batches.
        return np.random.default_rng([int(rng_batch.integers(2**32)), self.n_iter_])

    def _fit_scaling(self, X, weight):
        """Learn the scaling; "center" divides all columns by one number, too.

        A shared weight cannot make up for the inputs' scale, so it must be set here.
        """
        spread = 1.0 if self.input_scaling == "center" else None
        return fit_scaling(self, X, weight, spread=spread)

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

    def _check_resumable(self, former):
        """Raise if a warm start contradicts the search that it goes on with."""
        settings, begun = self._fixed_settings(), former.settings
        changed = [name for name in _FIXED if settings[name] != begun[name]]
        if changed:
            raise ValueError(
                f"warm_start=True goes on with the search that was begun, but "
                f"{', '.join(changed)} changed. Set warm_start=False to start anew."
            )

    def _check_memory(self, shape, n_outputs):
        """Estimate what a step of the search keeps, or the population itself."""
        n, d = shape
        k, w = n_outputs, len(self.shared_weights)
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

    def _engine(self, n_inputs, targets, rng):
        kind, k = targets.loss, targets.n_outputs
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

    def _run(self, data, rng, report, kept):
        """Make steps until the last, or until time is up or a callback says so."""
        begun, first, next_offer = time.perf_counter(), 1, 1
        if kept.state is not None:
            self.search_, first, next_offer, rng.bit_generator.state = kept.state
        size = len(data[0]) if self.batch_size == "full" else self.batch_size

        def draw(growth):
            return draw_batch(data, int(growth * size), rng)

        try:
            for number in range(first, self.max_iter + 1):
                state, loss = self.search_.stepped(draw, rng)
                seconds = time.perf_counter() - begun
                self.search_ = state.noted(loss, seconds)
                if number >= next_offer:
                    self.search_ = self.search_.judged()
                    next_offer = _JUDGED_EVERY * number
                over = self.max_time is not None and seconds >= self.max_time
                if self.verbose:
                    self._print(self.search_.history[-1])
                if report() or over:
                    break
                place = self.search_, number + 1, next_offer
                kept.offer(lambda: (*place, rng.bit_generator.state))  # noqa: B023
        except KeyboardInterrupt:
            kept.interrupt()
            warnings.warn("Interrupted: the best graph so far is kept.", stacklevel=5)

    def _print(self, last):
        print(
            f"Iteration {self.n_iter_}, loss = {last['loss']:.4f}, "
            f"{last['n_connections']} connections, {last['seconds']:.1f} s",
            flush=True,
        )

    def _found(self, targets, scaling):
        """Search and model as they are if the search stops now."""
        state = self.search_.judged()
        front = state.front
        model = SharedWeightModel.calibrated(
            targets,
            scaling,
            front.champion,
            front.weights,
            batch=front.batch,
            frequencies=front.frequencies,
        )
        return state.without_rows(), model

    # -- what was found ----------------------------------------------------------------

    @check_options({"max_iter": [whole(1)]})
    def train_weights(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        max_iter: int = 200,
    ) -> Self:
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
        X, y = validate_training(self, X, y, reset=False)
        _, weight = row_weights(self, y, sample_weight, self.model_.targets.classes)
        trained = copy.copy(self)
        trained.model_ = self.model_.trained(X, y, weight, max_iter)
        return trained

    def weight_profile(
        self,
        X: Any,
        y: Any,
        weights: ArrayLike | None = None,
        *,
        sample_weight: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
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
        given = self.shared_weights_ if weights is None else weights
        each = check_numbers(given, "weights", ensure_2d=False)
        if each.ndim != 1:
            raise ValueError(f"weights must have one dimension, got {each.shape}.")
        X, y = validate_training(self, X, y, reset=False)
        share = total_weight(y, sample_weight)
        return self.model_.profile(X, y, each, share)

    def to_networkx(self) -> Any:
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

    def plot(self, ax: Any = None) -> Any:
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
