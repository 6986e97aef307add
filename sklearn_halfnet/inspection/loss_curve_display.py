"""A picture of how a training went: its loss, and what held-out rows said."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet.inspection._axes import axes_of

__all__ = ["LossCurveDisplay"]


class LossCurveDisplay:
    """Loss after each pass over the training rows, beside that of held-out rows.

    Parameters
    ----------
    losses : array-like of shape (n_passes,)
        Objective on the training rows, with its penalty.
    validation_losses : array-like of shape (n_judged,), default=None
        Mean loss of held-out rows, without penalty. Where training began once more on
        all rows, there may be more of these than of ``losses``.
    validation_scores : array-like of shape (n_judged,), default=None
        Accuracy, R2 or D2 of the same rows.
    name : str, default=None
        Of the model, for the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        With the losses.
    score_ax_ : matplotlib Axes or None
        With the scores, at the right; None without scores.
    figure_ : matplotlib Figure

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores by the number of rows.
    sklearn.model_selection.ValidationCurveDisplay : Scores by a parameter.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_halfnet import HalfLayerClassifier
    >>> from sklearn_halfnet.inspection.loss_curve_display import LossCurveDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> X, X_val, y, y_val = train_test_split(X, y, random_state=0)
    >>> model = HalfLayerClassifier(32, max_iter=5, random_state=0)
    >>> model = model.fit(X, y, X_val=X_val, y_val=y_val)
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> len(display.losses), len(display.validation_scores)
    (5, 5)
    """

    def __init__(
        self, losses, *, validation_losses=None, validation_scores=None, name=None
    ):
        self.losses = losses
        self.validation_losses = validation_losses
        self.validation_scores = validation_scores
        self.name = name

    @classmethod
    def from_estimator(cls, model, *, name=None):
        """Take the curves of a fitted model.

        Parameters
        ----------
        model : estimator
            Any with ``loss_curve_``: half layers, HalfNet, partial CNNs, and
            scikit-learn's ``MLPClassifier`` and ``MLPRegressor``, whose validation
            scores are shown, too.
        name : str, default=None
            None takes the class's name.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ValueError
            If it has no ``loss_curve_``, as it was not trained in passes.
        """
        check_is_fitted(model)
        losses = getattr(model, "loss_curve_", None)
        if losses is None:
            raise ValueError(
                "model must have loss_curve_, as models have that are trained in "
                f"passes; got {type(model).__name__}, which has none."
            )
        return cls(
            losses,
            validation_losses=getattr(model, "validation_losses_", None),
            validation_scores=getattr(model, "validation_scores_", None),
            name=type(model).__name__ if name is None else name,
        )

    def plot(self, ax=None, *, name=None, **options):
        """Draw the losses and, on an axis at the right, the scores.

        A dotted line marks the pass of the best score, of equals the last.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        name : str, default=None
            None takes that of the display, and "" names none.
        **options : dict
            Passed to ``Axes.plot`` for every line.

        Returns
        -------
        self : LossCurveDisplay
        """
        self.ax_, self.score_ax_ = axes_of(ax), None
        self.figure_ = self.ax_.figure
        name = self.name if name is None else name
        prefix = f"{name}: " if name else ""
        drawn = self._line(self.ax_, self.losses, "C0", f"{prefix}training", options)
        if self.validation_losses is not None:
            label = f"{prefix}held-out rows"
            drawn += self._line(self.ax_, self.validation_losses, "C1", label, options)
        self.ax_.set(xlabel="passes over the training rows", ylabel="loss")
        if self.validation_scores is not None:
            self.score_ax_ = self.ax_.twinx()
            drawn += self._line(
                self.score_ax_,
                self.validation_scores,
                "C2",
                f"{prefix}score (right)",
                {"linestyle": "--"} | options,
            )
            self.score_ax_.set(ylabel="score of held-out rows")
            backwards = np.asarray(self.validation_scores)[::-1]
            best = len(backwards) - np.argmax(backwards)
            self.ax_.axvline(best, color="gray", linestyle=":")
        self.ax_.legend(handles=drawn, loc="best")
        return self

    @staticmethod
    def _line(ax, values, color, label, options):
        passes = np.arange(1, len(values) + 1)
        return ax.plot(passes, values, **{"color": color, "label": label} | options)
