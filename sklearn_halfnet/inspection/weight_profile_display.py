"""A picture of how much a network's score depends on its shared weight."""

import numpy as np

from sklearn_halfnet._checks import check_numbers
from sklearn_halfnet.inspection._axes import axes_of

__all__ = ["WeightProfileDisplay"]


class WeightProfileDisplay:
    """Score of a weight-agnostic network against the shared weight.

    Parameters
    ----------
    weights : ndarray of shape (W,)
    scores : ndarray of shape (W,)
        Accuracy, or R2.
    pooled_score : float
        Score of the estimator's own prediction.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn_halfnet import WeightAgnosticClassifier
    >>> from sklearn_halfnet.inspection.weight_profile_display import (
    ...     WeightProfileDisplay,
    ... )
    >>> X, y = load_wine(return_X_y=True)
    >>> model = WeightAgnosticClassifier(max_iter=20, random_state=0).fit(X, y)
    >>> WeightProfileDisplay.from_estimator(model, X, y, weights=[-1, 1]).scores.shape
    (2,)
    """

    def __init__(self, weights, scores, pooled_score):
        self.weights = weights
        self.scores = scores
        self.pooled_score = pooled_score

    @classmethod
    def from_estimator(cls, model, X, y, weights=None):
        """Score a model at many weights.

        Parameters
        ----------
        model : WeightAgnosticClassifier or WeightAgnosticRegressor
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        weights : array-like of shape (W,), default=None
            None takes 40 over the range of ``shared_weights_``, none of them zero.

        Returns
        -------
        display : WeightProfileDisplay
        """
        if weights is None:
            span = np.abs(model.shared_weights_).max()
            weights = np.linspace(-span, span, 40)
        weights = check_numbers(weights, "weights", ensure_2d=False)
        scores = model.weight_profile(X, y, weights)
        return cls(weights, scores, model.score(X, y))

    def plot(self, ax=None, **options):
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **options : dict
            Passed to ``Axes.plot`` for the profile.

        Returns
        -------
        self : WeightProfileDisplay
        """
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        self.ax_.plot(self.weights, self.scores, **{"marker": "."} | options)
        self.ax_.axhline(self.pooled_score, color="C1", ls="--", label="prediction")
        self.ax_.set(xlabel="shared weight", ylabel="score")
        self.ax_.legend()
        return self
