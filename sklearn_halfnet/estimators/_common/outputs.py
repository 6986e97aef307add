"""The two ends of every family: a classifier's methods, and a regressor's."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    ClassifierMixin,
    MultiOutputMixin,
    RegressorMixin,
)
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet.estimators._common.fitting import (
    computing,
    part_of_fit,
)
from sklearn_halfnet.estimators._common.validation import finite_outputs
from sklearn_halfnet.models.regression_losses import LOG_LINKS

__all__ = [
    "CLASS_WEIGHT",
    "Classifier",
    "Regressor",
    "adds_classes",
    "refuse_balanced",
]

CLASS_WEIGHT = {"class_weight": [StrOptions({"balanced"}), dict, list, None]}


def refuse_balanced(estimator, method):
    """Raise where weights would be needed that only all rows give."""
    if getattr(estimator, "class_weight", None) == "balanced":
        raise ValueError(
            f"class_weight='balanced' is not supported by {method}, which does not "
            "know the classes' shares. Give a dict of weights."
        )


def _check_classes_are_known(estimator, y, classes):
    """Raise where a first chunk of labels may lack some, and nobody says which."""
    labels = np.ndim(y) < 2 or np.shape(y)[1] == 1
    if adds_classes(estimator):
        return
    if labels and classes is None and not hasattr(estimator, "model_"):
        raise ValueError("classes must be passed on the first call to partial_fit.")


def adds_classes(estimator):
    """Whether a chunk may bring labels that were not seen before."""
    return getattr(estimator, "new_classes", "error") == "add"


def _takes_chunks(estimator):
    """Whether a family has ``partial_fit``, with the parameters as they are."""
    return estimator._takes_chunks()


class Classifier(ClassifierMixin):
    """Chunks, labels and probabilities of a family with ``class_weight``.

    The family to its right says how it is fitted, by ``fit`` and by
    ``_partial_fit(X, y, sample_weight, classes)``, which set ``model_``, and by
    ``_takes_chunks()`` whether there is a ``partial_fit``.
    """

    n_features_in_: int
    feature_names_in_: NDArray[Any]

    _partial_fit: Any

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @available_if(_takes_chunks)
    @part_of_fit
    def partial_fit(
        self,
        X: Any,
        y: Any,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Go on from the last call with a chunk of data.

        A closed-form fit adds the chunk's rows to those seen so far, and solves when it
        is asked, so the cut into chunks does not matter; networks that are trained by
        gradients pass over the chunk once, at a constant rate. The first chunk sets the
        scaling of the inputs and the start values, so it should be typical.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like of shape (n_classes,), default=None
            All classes; needed in the first call, unless y is multilabel or
            ``new_classes="add"``.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
            The estimator.
        """
        refuse_balanced(self, "partial_fit")
        _check_classes_are_known(self, y, classes)
        return self._partial_fit(X, y, sample_weight, classes)

    @property
    def classes_(self) -> NDArray[Any]:
        """Class labels."""
        return _targets(self).classes

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Compute scores before the logistic or softmax function.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            One column only, as a vector, for two classes.
        """
        scores = _scores(self, X)
        return scores[:, 0] if _targets(self).kind == "binary" else scores

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Class labels; a 0/1 matrix for multilabel targets.
        """
        scores = _scores(self, X)
        return _targets(self).decode(scores)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
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
        scores = _scores(self, X)
        return _targets(self).probabilities(scores)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        scores = _scores(self, X)
        return _targets(self).log_probabilities(scores)


class Regressor(MultiOutputMixin, RegressorMixin):
    """Chunks and predictions of a family; its other side is ``Classifier``."""

    n_features_in_: int
    feature_names_in_: NDArray[Any]

    _partial_fit: Any

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        loss = getattr(self, "loss", None)
        has_log_link = isinstance(loss, str) and loss in LOG_LINKS
        tags.target_tags.positive_only = has_log_link
        return tags

    @available_if(_takes_chunks)
    @part_of_fit
    def partial_fit(
        self, X: Any, y: Any, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Go on from the last call with a chunk of data.

        A closed-form fit adds the chunk's rows to those seen so far, and solves when it
        is asked, so the cut into chunks does not matter; networks that are trained by
        gradients pass over the chunk once, at a constant rate. The first chunk sets the
        scaling of the inputs and the start values, so it should be typical.

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

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Of several quantiles, (n_samples, n_quantiles), increasing in each row.
        """
        targets, scores = _targets(self), computing(self).scores
        return finite_outputs(self, lambda rows: targets.decode(scores(rows)), X)

    def score(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Score predictions as scikit-learn does for the loss.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
            R2; with ``loss="poisson"`` and ``"gamma"`` D2 of the deviance, as of
            ``PoissonRegressor`` and ``GammaRegressor``; of several quantiles, the mean
            D2 of their pinball losses.
        """
        predicted = self.predict(X)
        return _targets(self).criterion.score(y, predicted, sample_weight)


def _targets(estimator: Any) -> Any:
    check_is_fitted(estimator)
    return estimator.model_.targets


def _scores(estimator: Any, X: Any) -> Any:
    return finite_outputs(estimator, computing(estimator).scores, X)
