"""``fit`` and ``partial_fit`` of the estimators that torch trains."""

from sklearn.base import _fit_context
from sklearn.callback import with_callbacks
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from sklearn_halfnet.estimators._common.legacy_outputs import (
    ClassifierOutputs,
    RegressorOutputs,
)
from sklearn_halfnet.solvers import SOLVERS

__all__ = ["ClassifierTraining", "RegressorTraining"]


def _solver_takes_minibatches(estimator):
    if estimator.solver in [n for n, s in SOLVERS.items() if not s.minibatches]:
        raise AttributeError(
            "partial_fit needs a solver that takes minibatches, such as 'adam', got "
            f"solver={estimator.solver!r}."
        )
    return True


class ClassifierTraining(ClassifierOutputs):
    """Outputs of a classifier, and how it is trained."""

    _parameter_constraints = {
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Train on data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Class labels, or a 0/1 indicator matrix.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative; None means one for each row.

        Returns
        -------
        self : object
            The estimator.
        """
        return self._fit(X, y, sample_weight)

    @available_if(_solver_takes_minibatches)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Pass once over a chunk of data, going on from the last call.

        The first chunk sets the scaling of the inputs and the start values, so it
        should be typical. The learning rate is constant.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        classes : array-like of shape (n_classes,), default=None
            All classes; needed in the first call, unless y is multilabel.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
            The estimator.
        """
        self._refuse_balanced("partial_fit")
        return self._partial_fit(X, y, sample_weight, classes)


class RegressorTraining(RegressorOutputs):
    """Outputs of a regressor, and how it is trained."""

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Train on data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; standardised inside.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative; None means one for each row.

        Returns
        -------
        self : object
            The estimator.
        """
        return self._fit(X, y, sample_weight)

    @available_if(_solver_takes_minibatches)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Pass once over a chunk of data, going on from the last call.

        The first chunk sets the scaling of the inputs and the start values, so it
        should be typical. The learning rate is constant.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
            The estimator.
        """
        return self._partial_fit(X, y, sample_weight)
