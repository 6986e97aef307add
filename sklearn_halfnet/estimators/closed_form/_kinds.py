"""The two ends of a closed-form fit: calibrated classes, and real targets."""

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call

from sklearn_halfnet.estimators._common.legacy_outputs import (
    ClassifierOutputs,
    RegressorOutputs,
    keep_state_on_error,
)
from sklearn_halfnet.estimators.closed_form._base import BaseClosedForm
from sklearn_halfnet.models.calibration import calibration

__all__ = ["ClosedFormClassifier", "ClosedFormRegressor"]


class ClosedFormClassifier(ClassifierOutputs, BaseClosedForm):
    """Ridge regression on 0/1 targets, then scores calibrated to log odds."""

    _parameter_constraints = {
        **BaseClosedForm._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes=1000,
        weight_kind="normal",
        activation="relu",
        *,
        alpha="gcv",
        alphas=None,
        scale="auto",
        bias="auto",
        input_scaling="standard",
        read_out="all",
        class_weight=None,
        random_state=None,
        dtype="float32",
    ):
        super().__init__(
            hidden_layer_sizes,
            weight_kind,
            activation,
            alpha=alpha,
            alphas=alphas,
            scale=scale,
            bias=bias,
            input_scaling=input_scaling,
            read_out=read_out,
            random_state=random_state,
            dtype=dtype,
        )
        self.class_weight = class_weight

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Add rows to those seen so far, and solve again.

        The result does not depend on how the rows are cut into calls, but for the
        hidden layers: the first call's rows determine them, as in ``fit_blocks``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like of shape (n_classes,), default=None
            All class labels; needed in the first call, unless y is multilabel.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : estimator
        """
        self._refuse_balanced("partial_fit")
        # It sets classes_, which a first call that fails must not leave behind.
        with keep_state_on_error(self):
            if np.ndim(y) < 2 or np.shape(y)[1] == 1:
                _check_partial_fit_first_call(self, classes)
            return self._partial_fit(X, y, sample_weight, classes)

    def fit_blocks(self, blocks, classes=None):
        self._refuse_balanced("fit_blocks")
        return super().fit_blocks(blocks, classes)

    fit_blocks.__doc__ = BaseClosedForm.fit_blocks.__doc__

    def _needs_rows(self):
        return True

    def _calibrated(self, coef, intercept, fits):
        """Turn scores into log odds, by what they are on rows left out."""
        rows = self._rows
        scores = self._sums.left_out(fits, rows)
        slope, offset = calibration(
            scores, rows.targets, rows.weight, self._targets.kind
        )
        return slope[:, None] * coef, slope * intercept + offset


class ClosedFormRegressor(RegressorOutputs, BaseClosedForm):
    """Ridge regression on the targets."""

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Add rows to those seen so far, and solve again.

        The result does not depend on how the rows are cut into calls, but for the
        hidden layers: the first call's rows determine them, as in ``fit_blocks``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : estimator
        """
        return self._partial_fit(X, y, sample_weight)
