"""What all estimators of the package share: state, scores and what is made of them."""

from contextlib import contextmanager
from copy import deepcopy

import numpy as np
from sklearn.base import ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import column_or_1d

from sklearn_halfnet.estimators._common.validation import finite_outputs, validate_input
from sklearn_halfnet.models.targets import ClassTargets, RealTargets

__all__ = [
    "BegunNetwork",
    "ClassifierOutputs",
    "RegressorOutputs",
    "keep_state_on_error",
]


@contextmanager
def keep_state_on_error(estimator):
    """Give an estimator its former attributes back if the block raises.

    So a refit that fails leaves the model that was there. What scikit-learn's callbacks
    keep on the estimator is not touched: they are torn down by their own context.
    """
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        of_callbacks = {
            name: value
            for name, value in estimator.__dict__.items()
            if name.startswith(("_callback", "_skl", "_parent_callback"))
        }
        estimator.__dict__.clear()
        estimator.__dict__.update(before | of_callbacks)
        raise


class BegunNetwork:
    """An estimator whose network keeps some parameters from its start on.

    They may be set anew after the fit, but what was begun has the old ones: a fitted
    model reads them in ``_begun``. A subclass says by ``_network_parameters()``, a
    dict, which they are and what they mean.
    """

    def _begin(self):
        """Take the parameters of a new network."""
        self._begun = deepcopy(self._network_parameters())

    def _check_same_network(self):
        """Raise ValueError if the parameters now ask for another network."""
        wanted = self._network_parameters()
        changed = [name for name in wanted if wanted[name] != self._begun[name]]
        if changed:
            raise ValueError(
                f"Training goes on with the network that was begun, but "
                f"{', '.join(changed)} changed since. Set what was there before, or "
                "fit with warm_start=False, to start anew."
            )


class ClassifierOutputs(ClassifierMixin):
    """Labels and probabilities from ``_scores(X)`` and ``_targets``."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        return tags

    def _validate_training(self, X, y, *, reset):
        X, y = validate_input(self, X, y, reset=reset)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _make_targets(self, y, sample_weight, classes=None):
        """Learn the classes, of which rows of positive weight must show two."""
        targets = ClassTargets.from_labels(y, classes)
        if sample_weight is not None and classes is None:
            ClassTargets.from_labels(y[sample_weight > 0])
        self.classes_ = targets.classes
        return targets

    def _refuse_balanced(self, method):
        if self.class_weight == "balanced":
            raise ValueError(
                f"class_weight='balanced' is not supported by {method}, which does not "
                "know the classes' shares. Give a dict of weights."
            )

    def decision_function(self, X):
        """Compute scores before the logistic or softmax function.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            One column only, as a vector, for two classes.
        """
        scores = finite_outputs(self, self._scores, X)
        return scores[:, 0] if self._targets.kind == "binary" else scores

    def predict(self, X):
        """Predict the most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Class labels; a 0/1 matrix for multilabel targets.
        """
        scores = finite_outputs(self, self._scores, X)
        return self._targets.decode(scores)

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``. Rows sum to one, but for multilabel targets,
            where column k holds the probability of label k.
        """
        scores = finite_outputs(self, self._scores, X)
        return self._targets.probabilities(scores)

    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        scores = finite_outputs(self, self._scores, X)
        return self._targets.log_probabilities(scores)


class RegressorOutputs(MultiOutputMixin, RegressorMixin):
    """Predictions from ``_scores(X)`` and ``_targets``."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _validate_training(self, X, y, *, reset):
        X, y = validate_input(self, X, y, reset=reset, y_numeric=True)
        return X, y.astype(np.float64, copy=False)

    def _make_targets(self, y, sample_weight, classes=None):
        return RealTargets.from_targets(y, sample_weight)

    def predict(self, X):
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        scores = finite_outputs(self, self._scores, X)
        return self._targets.decode(scores)
