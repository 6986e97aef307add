"""Fit for a set number of epochs, and watch train and test accuracy meanwhile."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

__all__ = [
    "EpochScores",
    "FitCallback",
    "fit_all_epochs",
    "learning_curve",
    "percent_right",
]


def fit_all_epochs(estimator, data):
    """Fit on the training part, and do not mind the limit of epochs.

    Parameters
    ----------
    estimator : estimator
        Unfitted.
    data : Bunch
        Of :func:`sklearn_halfnet.datasets.load_dataset`.
    """
    # The number of epochs is part of the recipe: reaching it is no accident.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(data.X_train, data.y_train)


def percent_right(estimator, data, part):
    """Accuracy in percent.

    Parameters
    ----------
    estimator : classifier
        Fitted.
    data : Bunch
        Of :func:`sklearn_halfnet.datasets.load_dataset`.
    part : {"train", "test"}
        Rows to score.

    Returns
    -------
    float
        From 0 to 100.
    """
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


class EpochScores(FitCallback):
    """scikit-learn callback: train and test accuracy after each epoch.

    Parameters
    ----------
    data : Bunch
        Of :func:`sklearn_halfnet.datasets.load_dataset`.
    """

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

    Parameters
    ----------
    estimator : classifier
        One that takes scikit-learn's callbacks, or else one whose partial_fit is
        an epoch, as scikit-learn's MLPClassifier.
    data : Bunch
        Of :func:`sklearn_halfnet.datasets.load_dataset`.

    Returns
    -------
    dict of str to list of float
        ``train`` and ``test``.
    """
    if hasattr(estimator, "set_callbacks"):
        scores = EpochScores(data)
        fit_all_epochs(estimator.set_callbacks(scores), data)
        return scores.curve
    curve = {"train": [], "test": []}
    classes = np.unique(data.y_train)
    for _ in range(estimator.max_iter):
        estimator.partial_fit(data.X_train, data.y_train, classes=classes)
        _append_scores(curve, estimator, data)
    return curve


def _append_scores(curve, estimator, data):
    for part, scores in curve.items():
        scores.append(percent_right(estimator, data, part))
