"""What a default must not do: be worse than a constant, or far worse than a line.

An estimator is held against the best constant (the commonest class and the shares of
the classes, or the mean) and against ridge or logistic regression behind a
StandardScaler, row by row on the same held-out rows. With d the mean difference of a
loss to the constant's, s its standard error and L the constant's mean loss, it is below
the constant if

    d > L / 20 + 2 s.

A twentieth is what least squares loses on noise with twenty rows for each column, and
twice what logistic regression loses (Wilks' theorem: 1 / 20 and 1 / 40 nats a row). It
is far below the linear model if its loss exceeds that one's by more than L / 10 + 2 s:
by a tenth of R2, or of the constant's errors.
"""

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from sklearn_halfnet.experiments.defaults._data import (
    CLASSIFICATION,
    IMAGES,
    REGRESSION,
)
from sklearn_halfnet.experiments.defaults._models import (
    BASELINES,
    MODELS,
    OF_IMAGES,
    logistic,
    ridge,
)

__all__ = ["BARS", "TASKS", "beside", "cells", "faults", "measure", "problem"]

# Shares of the constant's loss, and standard errors of a difference.
BARS = {"below": 1 / 20, "far": 1 / 10, "errors": 2}


class Measure(NamedTuple):
    """How each held-out row is judged.

    Parameters
    ----------
    name : str
        What is shown.
    losses : callable
        Takes a model, X and y, and gives the loss of each row.
    shown : callable
        Takes the mean loss and that of the constant.
    """

    name: str
    losses: Callable
    shown: Callable


class Task(NamedTuple):
    """What is compared on data sets of one kind of target.

    Parameters
    ----------
    data : dict
        Name to a function of a seed.
    constant, linear : callable
        Make the two models that others are held against.
    measures : list of Measure
        The first one decides how far an estimator is below the linear model.
    """

    data: dict
    constant: Callable
    linear: Callable
    measures: list


def _errors(model, X, y):
    return (model.predict(X) != y).astype(float)


def _log_losses(model, X, y):
    # Single precision knows no smaller distance from one.
    shares = np.clip(model.predict_proba(X), np.finfo(np.float32).eps, 1)
    return -np.log(shares[np.arange(len(y)), np.searchsorted(model.classes_, y)])


def _squares(model, X, y):
    errors = model.predict(X) - y
    # A target without variance is met as well as single precision can.
    return np.where(np.abs(errors) <= 1e-5 * np.abs(y).max(), 0, errors) ** 2


def _r2(loss, constant):
    return 1 - loss / constant if constant > 0 else float(loss == 0)


TASKS = {
    "classification": Task(
        CLASSIFICATION,
        lambda: DummyClassifier(strategy="prior"),
        logistic,
        [
            Measure("accuracy", _errors, lambda loss, constant: 1 - loss),
            Measure("log-loss", _log_losses, lambda loss, constant: loss),
        ],
    ),
    "regression": Task(
        REGRESSION, DummyRegressor, ridge, [Measure("R2", _squares, _r2)]
    ),
}


def cells(task):
    """Names of data sets and models that go together: a list of (data, model)."""
    return [
        (data, model)
        for data in TASKS[task].data
        for model in MODELS[task]
        if model not in OF_IMAGES or data in IMAGES
    ]


def measure(task, data, model, seed=0):
    """Fit an estimator of ``cells(task)``, and hold it ``beside`` its two rivals.

    The seed is that of the data and of the estimator.
    """
    return beside(task, data, lambda: MODELS[task][model](seed), seed)


@lru_cache(maxsize=2)
def problem(task, data, seed=0):
    """Make a data set, and fit its rivals.

    Returns
    -------
    held : TabularData
    rivals : dict
        "constant" and "linear", each a dict of measure to the loss of each held-out
        row.
    """
    held = TASKS[task].data[data](seed)
    with warnings.catch_warnings():
        # What they have to say of themselves is no matter here.
        warnings.simplefilter("ignore")
        return held, {
            "constant": _held_out(TASKS[task], held, TASKS[task].constant),
            "linear": _held_out(TASKS[task], held, TASKS[task].linear),
        }


def beside(task, data, make, seed=0):
    """Hold what ``make()`` returns against constant and linear model.

    Returns
    -------
    result : dict
        For each measure a dict with mean losses ("model", "constant", "linear") and
        whether the model is "below" the constant and "far" below the linear model; and
        "warned", the categories of the warnings of fit and predict.
    """
    held, rivals = problem(task, data, seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        losses = _held_out(TASKS[task], held, make)
    result = {
        name: _beside(losses[name], rivals["constant"][name], rivals["linear"][name])
        for name in losses
    }
    return result | {"warned": sorted({each.category.__name__ for each in caught})}


def _held_out(task, data, make):
    """Losses of the held-out rows of all splits, by measure."""
    losses = {each.name: [] for each in task.measures}
    for train, test in data.splits:
        model = make().fit(data.X[train], data.y[train])
        for name, rows, _ in task.measures:
            losses[name].append(rows(model, data.X[test], data.y[test]))
    return {name: np.concatenate(parts) for name, parts in losses.items()}


def _beside(model, constant, linear):
    level = constant.mean()
    return {
        "model": float(model.mean()),
        "constant": float(level),
        "linear": float(linear.mean()),
        "below": _is_worse(model - constant, BARS["below"] * level),
        "far": _is_worse(model - linear, BARS["far"] * level),
    }


def _is_worse(difference, allowed):
    error = difference.std() / np.sqrt(len(difference))
    return bool(difference.mean() > allowed + BARS["errors"] * error)


def faults(task, model, result):
    """Say in words what a default must not do: a list, empty if all is well."""
    names = [each.name for each in TASKS[task].measures]
    found = [f"below by {name}" for name in names if result[name]["below"]]
    silent = model not in BASELINES and not result["warned"]
    return found + ["far, no warning"] * (silent and result[names[0]]["far"])
