"""The frame of a fit by torch: validation, rows held out, warm starts, callbacks.

A family says by ``_start(X, network)`` what its networks are started from, a
``NetworkStart``: ``X`` is as the user gave it, or rows of it, and ``network`` the one
that goes on, or None. It has the parameters of
``TRAINING_CONSTRAINTS``, and declares ``model_`` and ``_history``, which are set here.
"""

import time
from itertools import count
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import (
    _is_fitted as is_fitted,
    _num_samples,
    check_is_fitted,
)

from sklearn_halfnet._random import child_generators
from sklearn_halfnet.estimators._common.fitting import (
    check_same_network,
    keep_state_on_error,
)
from sklearn_halfnet.estimators._common.validation import (
    make_targets,
    row_weights,
    validate_training,
)
from sklearn_halfnet.models.history import History
from sklearn_halfnet.models.read_out import strength
from sklearn_halfnet.models.train import (
    Rows,
    TrainingOptions,
    n_passes,
    of_weight,
    train,
    train_once,
    without,
)
from sklearn_halfnet.solvers import SOLVERS

__all__ = [
    "fit_network",
    "fit_network_on_chunk",
    "keep",
    "of_history",
    "split",
    "start_options",
    "takes_chunks",
    "training_options",
]

_OF_START = (
    *("hidden_layer_sizes", "activation", "input_scaling"),
    *("init", "alpha", "dtype"),
)


def fit_network(estimator, X, y, sample_weight, *, revising=None, polish=None):
    """Fit an estimator.

    Parameters
    ----------
    estimator : estimator
        Of a family that torch trains.
    X, y, sample_weight
        As of ``fit``.
    revising : callable or None, default=None
        ``revising(rows, rng)`` returns what ``train`` calls to revise the network.
    polish : callable or None, default=None
        ``polish(network, rows, options)`` returns the network as it is kept.

    Returns
    -------
    estimator : estimator
    """
    with keep_state_on_error(estimator):
        before = _fitted(estimator) if estimator.warm_start else (None, None)
        network, history = before
        passes = n_passes(estimator.max_iter, _num_samples(X))
        context = estimator._init_callback_context(max_subtasks=passes)
        given, X, y = _validated(estimator, X, y, reset=network is None)
        known = None if network is None else network.targets.classes
        repeats, weight = row_weights(estimator, y, sample_weight, known)
        context.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
        rng_start, rng_split, rng = child_generators(estimator.random_state, 3)
        kept, held_out = split(estimator, y, weight, rng_split)
        shown = without(repeats, held_out, len(y))
        start, targets = _begin(estimator, given, network, y, shown)
        encoded = targets.encode(y, start.dtype)
        rows = Rows(X, encoded, weight, kept, held_out)
        if network is None:
            network = start.network(rows, targets, rng_start)
        network = start.ready(network, 0 if history is None else history.n_passes)
        options = training_options(estimator, network, len(kept))
        network, history = train(
            network,
            rows,
            options,
            rng=rng,
            watch=_watch(estimator, context, X, y, weight),
            revise=None if revising is None else revising(rows, rng),
            before=history,
        )
        if polish is not None:
            network = polish(network, rows, options)
        keep(estimator, network, history)
        context.call_on_fit_task_end(estimator=estimator, X=X, y=y)
    return estimator


def fit_network_on_chunk(estimator, X, y, sample_weight, classes=None):
    """Pass once over a chunk of data; parameters as of ``partial_fit``."""
    if estimator.early_stopping:
        raise ValueError("partial_fit does not support early_stopping=True.")
    with keep_state_on_error(estimator):
        network, history = _fitted(estimator)
        given, X, y = _validated(estimator, X, y, reset=network is None)
        known = classes if network is None else network.targets.classes
        repeats, weight = row_weights(estimator, y, sample_weight, known)
        rng_start, _, rng = child_generators(estimator.random_state, 3)
        start, targets = _begin(estimator, given, network, y, repeats, classes)
        if network is not None and classes is not None:
            network.targets.check_same_classes(classes)
        rows = Rows.all_of(X, targets.encode(y, start.dtype), weight)
        if network is None:
            network = start.network(rows, targets, rng_start)
        history = history or History([], None, 0.0)
        network = start.ready(network, history.n_passes)
        # Each call shuffles its rows in another order.
        seed = [rng.integers(2**32), history.n_passes]
        options = training_options(estimator, network, len(rows.train))
        rng = np.random.default_rng(seed)
        keep(estimator, *train_once(network, rows, options, rng=rng, before=history))
    return estimator


def _fitted(estimator):
    """Return network and history, or None twice."""
    if not is_fitted(estimator):
        return None, None
    return estimator.model_, estimator._history


def _validated(estimator, X, y, reset):
    """Return X as it was given, if it has a shape, and validated X and y."""
    rows, y = validate_training(estimator, X, y, reset=reset)
    return X if hasattr(X, "shape") else rows, rows, y


def _begin(estimator, X, network, y, repeats, classes=None):
    """Return what a network is started from, and targets: its own if it goes on."""
    start = estimator._start(X, network)
    if network is None:
        return start, make_targets(estimator, y, repeats, classes)
    check_same_network(network.begun, start.begun)
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
    return TrainingOptions.of(name, alpha, parameters, n_rows)


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
            raise AttributeError("This model was fitted without early stopping.")
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
    if not estimator.early_stopping:
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
        raise _cannot_hold_out(fraction, len(rows), "R2 needs two rows or more.")
    return train, held_out


def _cannot_hold_out(fraction, n_rows, reason):
    return ValueError(
        f"early_stopping=True with validation_fraction={fraction} cannot hold out "
        f"enough of {n_rows} rows: {reason}"
    )


def _watch(estimator, context, X, y, weight):
    """Return what prints progress and calls scikit-learn's callbacks."""
    started, numbers = time.perf_counter(), count(1)
    metadata = None if weight is None else {"sample_weight": weight}

    def watch(now, loss, score):
        number = next(numbers)
        if estimator.verbose:
            _print_progress(number, loss, score, time.perf_counter() - started)
        iteration = context.subcontext(task_name="iteration")
        iteration.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
        return iteration.call_on_fit_task_end(
            estimator=estimator,
            X=X,
            y=y,
            metadata=metadata,
            reconstruction_attributes=lambda: {"model_": now()},
        )

    return watch


def _print_progress(number, loss, score, seconds):
    tail = "" if score is None else f", validation score = {score:.4f}"
    print(f"Iteration {number}, loss = {loss:.6f}{tail}, {seconds:.1f} s", flush=True)
