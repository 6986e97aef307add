"""The frame of a fit by torch: validation, rows held out, warm starts, callbacks.

A family says by ``_start(X, network)`` what its networks are started from, a
``NetworkStart``: ``X`` is as the user gave it, or rows of it, and ``network`` the one
that goes on, or None. It has the parameters of
``TRAINING_CONSTRAINTS``, and declares ``model_`` and ``_history``, which are set here.
"""

import copy
import time
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import (
    _is_fitted as is_fitted,
    check_is_fitted,
)

from sklearn_halfnet._device import resolve_device
from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.fitting import (
    check_same_network,
    fit_method,
    keep_state_on_error,
)
from sklearn_halfnet.estimators._common.validation import (
    make_targets,
    row_weights,
    validate_training,
    validation_weights,
    wanted_loss,
)
from sklearn_halfnet.files.checkpoint import checkpoint_of
from sklearn_halfnet.models.history import History
from sklearn_halfnet.models.keeper import passes_kept
from sklearn_halfnet.models.read_out import strength
from sklearn_halfnet.models.regularisation import (
    choose_regularisation,
    divided,
    rungs,
)
from sklearn_halfnet.models.train import Rows, of_weight, train, train_once
from sklearn_halfnet.models.training_options import (
    MOST_PASSES,
    TrainingOptions,
    n_passes,
)
from sklearn_halfnet.solvers import SOLVERS

__all__ = [
    "fit_in_passes",
    "fit_network",
    "fit_network_on_chunk",
    "keep",
    "of_history",
    "split",
    "start_options",
    "takes_chunks",
    "training_options",
]

_Estimator = TypeVar("_Estimator", bound=Any)

_FEW_FOR_R2 = "R2 needs two rows or more."
# Why a history lacks what no early stopping would give it.
_ABSENT = {"learning_rate_init": "This solver has no rate."}

_OF_START = (
    *("hidden_layer_sizes", "activation", "input_scaling"),
    *("init", "alpha", "dtype"),
)


@fit_method
def fit_in_passes(
    self: _Estimator,
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None = None,
    *,
    X_val: Any = None,
    y_val: Any = None,
    sample_weight_val: ArrayLike | None = None,
) -> _Estimator:
    """Fit to data.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Of a classifier labels, or a 0/1 indicator matrix; of a regressor targets, which
        are standardised inside.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative; None means one for each row. What is chosen by leaving rows out
        leaves whole rows out, whatever their weight.
    X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
        Rows to score the network on after each pass, in place of held-out rows of X:
        the values with the best score are kept. In a ``Pipeline`` with
        ``transform_input=["X_val"]`` they go through the steps before, as X does.
    y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
        Their labels, of the classes in y, or targets.
    sample_weight_val : array-like of shape (n_val,), default=None
        Their weights, which ``class_weight`` multiplies as those of X.

    Returns
    -------
    self : object
        The estimator.
    """
    validation = _given_validation(self, X_val, y_val, sample_weight_val)
    return self._fit(X, y, sample_weight, validation)


def _given_validation(estimator, X_val, y_val, sample_weight_val):
    """Return rows of the user's to score on, or None; raise if a part is missing."""
    given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
    told = [name for name, value in given.items() if value is not None]
    if not told:
        return None
    for name in ("X_val", "y_val"):
        if given[name] is None:
            raise ValueError(f"{told[0]} is provided, but {name} was not provided.")
    if not estimator.early_stopping:
        raise ValueError(
            "X_val and y_val are passed to fit, but early_stopping=False. With them it "
            "must be 'auto' or True."
        )
    return X_val, y_val, sample_weight_val


def fit_network(
    estimator, X, y, sample_weight, validation, *, revising=None, polish=None
):
    """Fit an estimator.

    Parameters
    ----------
    estimator : estimator
        Of a family that torch trains.
    X, y, sample_weight
        As of ``fit``.
    validation : tuple or None
        X_val, y_val and sample_weight_val.
    revising : callable or None, default=None
        ``revising(rows, max_iter, rng)`` returns what ``train`` calls to revise the
        network.
    polish : callable or None, default=None
        ``polish(network, rows, options)`` returns the network as it is kept.

    Returns
    -------
    estimator : estimator
    """
    with keep_state_on_error(estimator):
        resolve_device(estimator.device)
        before = _fitted(estimator) if estimator.warm_start else (None, None)
        network, _ = before
        given, X, y = _validated(estimator, X, y, reset=network is None)
        known = None if network is None else network.targets.classes
        repeats, weight = row_weights(estimator, y, sample_weight, known)
        twice = _trains_twice(estimator, validation)
        context = _begin_task(estimator, given, y, weight, twice)
        data = (given, X, y, repeats, weight, validation)
        kept = checkpoint_of(estimator, X, y, weight, validation, *before)
        fit = _Fit(estimator, context, kept, *data, *before, revising)
        network, history, rows, options = fit.train()
        if polish is not None:
            network = polish(network, rows, options)
        keep(estimator, network, history)
        context.call_on_fit_task_end(estimator=estimator, X=given, y=y)
    return estimator


def _begin_task(estimator, X, y, weight, twice):
    """Tell the callbacks that a fit begins, and of how many passes at most."""
    passes = _passes(estimator, len(of_weight(weight, len(y))))
    context = estimator._init_callback_context(max_subtasks=(1 + twice) * passes)
    context.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
    return context


def _splits(estimator):
    """Whether rows of X are to be held out, unless there are others."""
    return estimator.early_stopping not in ("auto", False)


def _trains_twice(estimator, validation):
    """Whether held-out rows only say for how long to train on all rows.

    At a constant rate training ends as soon as patience does; but where a schedule has
    to be gone through to its end, it is known which pass was good once it is over, and
    the rows held out are worth more than the time.
    """
    ends_by_itself = SOLVERS[estimator.solver].ends_by_itself(estimator.learning_rate)
    return validation is None and _splits(estimator) and ends_by_itself


@dataclass(frozen=True)
class _Fit:
    """Data of a fit, and where it begins.

    Parameters
    ----------
    estimator : estimator
    context : CallbackContext
    kept : object
        As of ``checkpoint_of``.
    given : object
        X as the user gave it.
    X, y : array
    repeats, weight : ndarray of shape (n_samples,) or None
        As of ``row_weights``.
    validation : tuple or None
        As of ``fit_network``.
    network : object or None
        The one that goes on.
    history : History or None
        Of this one.
    revising : callable or None
        As of ``fit_network``.
    regularisation : dict
        What was chosen of parameters that are "auto".
    """

    estimator: Any
    context: Any
    kept: Any
    given: Any
    X: Any
    y: np.ndarray
    repeats: np.ndarray | None
    weight: np.ndarray | None
    validation: tuple | None
    network: Any
    history: History | None
    revising: Any
    regularisation: dict[str, Any] = field(default_factory=dict)

    def train(self):
        """Train, and once more where held-out rows say for how long.

        Returns
        -------
        network : object
        history : History
        rows : Rows
            On which it was trained.
        options : TrainingOptions
        """
        rng_start, rng_split, rng = child_generators(self.estimator.random_state, 3)
        chosen = self._regularisation(rng_start, rng)
        self = replace(self, regularisation=chosen)
        twice = _trains_twice(self.estimator, self.validation)
        before, goes_on = self.history, self._left_off()
        if twice and goes_on and before is not None and before.ends_after is not None:
            return self._train_on_all((rng_start, rng), before)
        # Both times training has the same start and the same batches.
        again = copy.deepcopy((rng_start, rng))
        numbers, held_out = self._divided(rng_split)
        trained = self._train_on(numbers, held_out, (rng_start, rng))
        _, history, _, options = trained
        # Neither Ctrl-C nor a callback has ended it: they mean what they say.
        complete = history.n_passes == options.max_iter and not goes_on
        return self._train_on_all(again, history) if twice and complete else trained

    @property
    def _counting(self):
        """Numbers of all rows of positive weight."""
        return of_weight(self.weight, len(self.y))

    def _left_off(self):
        """Whether Ctrl-C has left passes to be done."""
        if self.history is None:
            return False
        passes = _passes(self.estimator, len(self._counting))
        return self.history.left_off(self.estimator.solver, passes) is not None

    def _divided(self, rng):
        """Numbers of the rows to train on and of those to hold out."""
        if self.validation is None:
            return split(self.estimator, self.y, self.weight, rng)
        return self._counting, None

    def _train_on_all(self, rngs, judged):
        """Train on all rows for as many passes as was good for those held out."""
        last = judged.ends_after or judged.last_good_pass
        if self.estimator.verbose:
            print(f"Training on all rows, up to pass {last}", flush=True)
        trained = self._train_on(self._counting, None, rngs, ends_after=last)
        network, history, *how = trained
        told = (judged.scores, judged.validation_losses, last)
        return network, history.judged_by(*told), *how

    def _regularisation(self, *rngs):
        """Choose what of it is "auto", by trainings on some of the rows."""
        estimator, numbers = self.estimator, self._counting
        left = rungs(estimator.get_params(deep=False), len(numbers))
        if self.history is not None:  # goes on as it began
            before = {name: getattr(self.history, name) for name in left[0]}
            return {name: value for name, value in before.items() if value is not None}
        if len(left) == 1:
            return left[0]
        # What is drawn here leaves the training as it would be.
        rng_start, rng = copy.deepcopy(rngs)
        numbers, judges = divided(numbers, rng)
        network, rows = self._start(numbers, None, rng_start, chooses=True)
        rows = replace(rows, held_out=replace(rows, numbers=judges, held_out=None))
        options = training_options(estimator, network, len(numbers))
        chosen = choose_regularisation(left, network, rows, options, rng)
        if estimator.verbose:
            told = ", ".join(f"{name}={value}" for name, value in chosen.items())
            print(f"Training with {told}", flush=True)
        return chosen

    def _train_on(self, numbers, held_out, rngs, ends_after=None):
        rng_start, rng = rngs
        network, rows = self._start(numbers, held_out, rng_start)
        options = training_options(self.estimator, network, len(self._counting))
        options = options.regularised(self.regularisation)
        number = 0 if ends_after is None else 1
        if number < len(self.kept.results):
            network, history = self.kept.results[number]
            return network, history, rows, options
        revise = self.revising and self.revising(rows, options.max_iter, rng)
        network, history = train(
            network,
            rows,
            options,
            rng=rng,
            watch=self._watch(ends_after),
            revise=revise,
            before=self.history,
            kept=self.kept,
        )
        if history.checkpoint is None:
            self.kept.finish((network, history))
        else:
            self.kept.interrupt()
        return network, history, rows, options

    def _start(self, numbers, held_out, rng, chooses=False):
        """Return a network to be trained, or to choose with, and the rows for it."""
        estimator, y, weight = self.estimator, self.y, self.weight
        shown = _without(self.repeats, held_out, len(y))
        start, targets = _begin(estimator, self.given, self.network, y, shown)
        encoded = targets.encode(y, start.dtype)
        rows = Rows(self.X, encoded, weight, numbers)
        if held_out is not None:
            rows = replace(rows, held_out=replace(rows, numbers=held_out))
        if self.validation is not None:
            held_out = _validation_rows(estimator, y, targets, start, *self.validation)
            rows = replace(rows, held_out=held_out)
        network = self.network
        if network is None:
            start_now = start.for_choice() if chooses else start
            network = start_now.network(rows, targets, rng)
        done = 0 if self.history is None else self.history.n_passes
        return start.ready(network, done), rows

    def _watch(self, ends_after):
        """Return what prints progress, calls scikit-learn's callbacks, and may stop."""
        # Callbacks predict, which makes codes of categories by itself.
        estimator, data = self.estimator, {"X": self.given, "y": self.y}
        history = self.history
        done = passes_kept(self.kept)
        if not done and history is not None and self._left_off():
            done = history.n_passes
        started, numbers = time.perf_counter(), count(done + 1)
        metadata = None if self.weight is None else {"sample_weight": self.weight}

        def watch(now, loss, score):
            number = next(numbers)
            if estimator.verbose:
                _print_progress(number, loss, score, time.perf_counter() - started)
            iteration = self.context.subcontext(task_name="iteration")
            iteration.call_on_fit_task_begin(estimator=estimator, **data)
            stops = iteration.call_on_fit_task_end(
                estimator=estimator,
                **data,
                metadata=metadata,
                reconstruction_attributes=lambda: {"model_": now()},
            )
            return stops or number == ends_after

        return watch


def _without(weight, rows, n_samples):
    """Weights with those of ``rows`` set to zero; None if all are one."""
    if rows is None:
        return weight
    weight = np.ones(n_samples) if weight is None else weight.copy()
    weight[rows] = 0
    return weight


def _validation_rows(estimator, y, targets, start, X_val, y_val, sample_weight_val):
    """Validate the rows of the user's to score on."""
    try:
        X_val, y_val = validate_training(estimator, X_val, y_val, reset=False)
        encoded = targets.encode(y_val, start.dtype)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"In X_val and y_val: {error}") from error
    weight = validation_weights(estimator, y, y_val, sample_weight_val, targets.classes)
    rows = Rows.all_of(X_val, encoded, weight)
    if len(rows.numbers) < 2 and not is_classifier(estimator):
        raise ValueError(f"X_val and y_val: {_FEW_FOR_R2}")
    return rows


def fit_network_on_chunk(estimator, X, y, sample_weight, classes=None):
    """Pass once over a chunk of data; parameters as of ``partial_fit``."""
    if _splits(estimator):
        raise ValueError("partial_fit does not support early_stopping=True.")
    with keep_state_on_error(estimator):
        resolve_device(estimator.device)
        network, history = _fitted(estimator)
        given, X, y = _validated(
            estimator, X, y, reset=network is None, keeps_unseen=True
        )
        known = classes if network is None else network.targets.classes
        repeats, weight = row_weights(estimator, y, sample_weight, known)
        rng_start, _, rng = child_generators(estimator.random_state, 3)
        start, targets = _begin(estimator, given, network, y, repeats, classes)
        if network is not None and classes is not None:
            network.targets.check_same_classes(classes)
        rows = Rows.all_of(X, targets.encode(y, start.dtype), weight)
        if network is None:
            network = start.network(rows, targets, rng_start)
        history = history or History([], 0.0)
        network = start.ready(network, history.n_passes)
        # Each call shuffles its rows in another order.
        seed = [rng.integers(2**32), history.n_passes]
        options = training_options(estimator, network, len(rows.numbers))
        rng = np.random.default_rng(seed)
        keep(estimator, *train_once(network, rows, options, rng=rng, before=history))
    return estimator


def _fitted(estimator):
    """Return network and history, or None twice."""
    if not is_fitted(estimator):
        return None, None
    return estimator.model_, estimator._history


def _validated(estimator, X, y, reset, keeps_unseen=False):
    """Return X as it was given, if it has a shape, and validated X and y."""
    rows, y = validate_training(estimator, X, y, reset=reset, keeps_unseen=keeps_unseen)
    return X if hasattr(X, "shape") else rows, rows, y


def _begin(estimator, X, network, y, repeats, classes=None):
    """Return what a network is started from, and targets: its own if it goes on."""
    start = estimator._start(X, network)
    if network is None:
        return start, make_targets(estimator, y, repeats, classes)
    check_same_network(network.begun, start.begun)
    if not is_classifier(estimator):
        begun, wanted = network.targets.criterion.begun, wanted_loss(estimator).begun
        check_same_network(dict.fromkeys(wanted) | begun, wanted)
    return start, network.targets


def keep(estimator, network, history):
    """Set what a fit leaves."""
    estimator.model_, estimator._history = network, history


def training_options(estimator, network, n_rows):
    """Take an estimator's parameters of training on so many rows.

    Returns
    -------
    options : TrainingOptions
    """
    alpha = strength(estimator.alpha, network.start_alpha)
    parameters = estimator.get_params(deep=False)
    name = type(estimator).__name__
    return TrainingOptions.of(name, alpha, parameters, _passes(estimator, n_rows))


def _passes(estimator, n_rows):
    """Find how often an estimator's training goes over so many rows, at most."""
    most = getattr(estimator, "_most_passes", MOST_PASSES)
    return n_passes(estimator.max_iter, n_rows, most)


def start_options(estimator):
    """Take what all networks are started from, but for the checked sizes, as a dict."""
    return {
        "feature_names": getattr(estimator, "feature_names_in_", None),
        **{name: getattr(estimator, name) for name in _OF_START},
    }


def takes_chunks(estimator):
    """Raise AttributeError if its solver needs all rows at once; else return True."""
    if estimator.solver in [name for name, s in SOLVERS.items() if not s.minibatches]:
        raise AttributeError(
            "partial_fit needs a solver that takes minibatches, such as 'adam', got "
            f"solver={estimator.solver!r}."
        )
    return True


def of_history(name, doc):
    """Make an attribute of an estimator that reads one of its training's history."""

    def read(estimator):
        check_is_fitted(estimator)
        value = getattr(estimator._history, name)
        if value is None:
            why = "This model was fitted without early stopping."
            raise AttributeError(_ABSENT.get(name, why))
        return value

    return property(read, doc=doc)


def split(estimator, y, weight, rng):
    """Divide rows into those for training and those held out.

    Parameters
    ----------
    estimator : estimator
        With ``early_stopping`` and ``validation_fraction``.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None
        Rows of weight zero are in neither part.
    rng : numpy.random.Generator

    Returns
    -------
    train : ndarray of int
    held_out : ndarray of int or None
        None without early stopping.
    """
    rows = of_weight(weight, len(y))
    if not _splits(estimator):
        return rows, None
    fraction, classifies = estimator.validation_fraction, is_classifier(estimator)
    try:
        halves: Any = train_test_split(
            rows,
            test_size=fraction,
            stratify=y[rows] if classifies and y.ndim == 1 else None,
            random_state=int(rng.integers(2**31 - 1)),
        )
    except ValueError as error:
        raise _cannot_hold_out(fraction, len(rows), error) from error
    train, held_out = halves
    if len(held_out) < 2 and not classifies:
        raise _cannot_hold_out(fraction, len(rows), _FEW_FOR_R2)
    return train, held_out


def _cannot_hold_out(fraction, n_rows, reason):
    return ValueError(
        f"early_stopping=True with validation_fraction={fraction} cannot hold out "
        f"enough of {n_rows} rows: {reason}"
    )


def _print_progress(number, loss, score, seconds):
    tail = "" if score is None else f", validation score = {score:.4f}"
    print(f"Iteration {number}, loss = {loss:.6f}{tail}, {seconds:.1f} s", flush=True)
