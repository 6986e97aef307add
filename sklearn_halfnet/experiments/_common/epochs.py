"""Fit for a set number of epochs, and watch train and test accuracy meanwhile."""

import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_halfnet.experiments._common.counts import count_parameters
from sklearn_halfnet.experiments._common.measures import timed

__all__ = [
    "EpochClock",
    "EpochScores",
    "FitCallback",
    "fit_all_epochs",
    "learning_curve",
    "measure_epochs",
    "percent_right",
]


def fit_all_epochs(estimator, data):
    """Fit on the training part, do not mind the limit of epochs; return seconds."""
    # The number of epochs is part of the recipe: reaching it is no accident.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return timed(lambda: estimator.fit(data.X_train, data.y_train))[1]


def measure_epochs(estimator, data):
    """Fit a classifier, and return accuracies, seconds and what is trained of it."""
    seconds = fit_all_epochs(estimator, data)
    return {
        "test": percent_right(estimator, data, "test"),
        "train": percent_right(estimator, data, "train"),
        "fit_seconds": seconds,
        "n_trainable": count_parameters(estimator),
    }


def percent_right(estimator, data, part):
    """Accuracy in percent on the rows of a part, "train" or "test"."""
    return 100 * float(
        np.mean(estimator.predict(data[f"X_{part}"]) == data[f"y_{part}"])
    )


class FitCallback:
    """A scikit-learn callback that does nothing: others say what they do, and when."""

    def setup(self, estimator, context):
        """Nothing to set up."""

    def teardown(self, estimator, context):
        """Nothing to tidy up."""

    def on_fit_task_begin(self, estimator, context):
        """Nothing to do before an epoch."""

    def on_fit_task_end(self, estimator, context):
        """Nothing to do after an epoch."""


class EpochClock(FitCallback):
    """A scikit-learn callback that notes when each pass over the data ends."""

    def setup(self, estimator, context):
        """Start with no passes."""
        self.ends = []

    def on_fit_task_end(self, estimator, context):
        """Note the time."""
        if context.task_name == "iteration":
            self.ends.append(time.perf_counter())

    @property
    def seconds(self):
        """Median seconds of a pass, without the first, which fills the cache."""
        return float(np.median(np.diff(self.ends)))


class EpochScores(FitCallback):
    """A scikit-learn callback: train and test accuracy after each epoch."""

    def __init__(self, data):
        self.data = data
        self.curve = {"train": [], "test": []}

    def setup(self, estimator, context):
        """Forget an earlier fit."""
        self.curve = {"train": [], "test": []}

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """Score the estimator as it is after this epoch."""
        # The root task is the whole fit: its scores would be the last epoch's.
        if context.parent is not None and fitted_estimator is not None:
            _append_scores(self.curve, fitted_estimator, self.data)


def learning_curve(estimator, data):
    """Train and test accuracy in percent after each epoch of a fit.

    The estimator takes scikit-learn's callbacks, or trains by ``passes``.
    """
    if hasattr(estimator, "set_callbacks"):
        scores = EpochScores(data)
        fit_all_epochs(estimator.set_callbacks(scores), data)
        return scores.curve
    curve = {"train": [], "test": []}
    for _ in estimator.passes(data.X_train, data.y_train):
        _append_scores(curve, estimator, data)
    return curve


def _append_scores(curve, estimator, data):
    for part, scores in curve.items():
        scores.append(percent_right(estimator, data, part))
