"""Between y as the user has it and the targets and scores of a network."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_softmax, softmax
from sklearn.metrics import r2_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklearn_halfnet.features.moments import Moments

__all__ = ["ClassTargets", "RealTargets"]


@dataclass
class ClassTargets:
    """Labels of a classifier: binary, multiclass or multilabel.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel"}
    classes : ndarray of shape (n_classes,)
    """

    kind: str
    classes: np.ndarray

    # Labels have no units to be standardised.
    mean = 0.0
    scale = 1.0

    @classmethod
    def from_labels(cls, y, classes=None):
        """Find out what kind of labels these are.

        Parameters
        ----------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like or None
            All classes, where y may not show each of them.

        Raises
        ------
        ValueError
            If y is not a classification target, or has one class only.
        """
        check_classification_targets(y)
        if y.ndim == 2 and type_of_target(y) != "multilabel-indicator":
            raise ValueError(
                "Multiclass-multioutput targets are not supported: y of shape "
                f"{y.shape} must be 1-D labels or a 0/1 indicator matrix."
            )
        if y.ndim == 2:
            return cls("multilabel", np.arange(y.shape[1]))
        classes = np.unique(y if classes is None else classes)
        if len(classes) < 2:
            found = f"only one class: {classes[0]!r}" if len(classes) else "none"
            raise ValueError(
                "This classifier needs samples of at least 2 classes in the data, but "
                f"the data contains {found}."
            )
        return cls("binary" if len(classes) == 2 else "multiclass", classes)

    def check_same_classes(self, classes):
        """Raise ValueError if these are not the classes known."""
        if not np.array_equal(np.unique(classes), self.classes):
            raise ValueError(
                f"classes={classes!r} are not those of the first call to "
                f"partial_fit: {self.classes}."
            )

    @property
    def loss(self):
        """Name of the loss that these targets call for."""
        return "softmax" if self.kind == "multiclass" else "logistic"

    @property
    def middle(self):
        """Value of an indicator that speaks for no class, from which scores count."""
        return 1 / len(self.classes) if self.kind == "multiclass" else 0.5

    @property
    def n_outputs(self):
        """Scores a row."""
        return 1 if self.kind == "binary" else len(self.classes)

    @property
    def blank_loss(self):
        """Loss of scores that are all zero."""
        if self.kind == "multiclass":
            return math.log(len(self.classes))
        return self.n_outputs * math.log(2)

    def encode(self, y, dtype):
        """Class indices (n,) int64 if multiclass, else 0/1 (n, n_outputs) of dtype."""
        if self.kind == "multilabel":
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ValueError(
                    f"y must be an indicator matrix with {len(self.classes)} columns, "
                    f"got shape {y.shape}."
                )
            _check_zero_one(y)
            return y.astype(dtype)
        if y.ndim != 1:
            raise ValueError(
                f"y must be 1-D labels, as those that were learned, {self.classes}; "
                f"got shape {y.shape}."
            )
        unseen = np.setdiff1d(y, self.classes)
        if len(unseen):
            raise ValueError(
                f"y contains labels that are not among the classes: {unseen[:5]}. "
                f"The classes are {self.classes}."
            )
        index = np.searchsorted(self.classes, y)
        if self.kind == "multiclass":
            return index.astype(np.int64)
        return index.astype(dtype)[:, None]

    def indicators(self, encoded):
        """0/1 matrix (n, n_outputs) from what ``encode`` returned."""
        if self.kind != "multiclass":
            return encoded
        matrix = np.zeros((len(encoded), len(self.classes)), dtype=np.float32)
        matrix[np.arange(len(encoded)), encoded] = 1
        return matrix

    def score(self, encoded, scores, sample_weight=None):
        """Accuracy of scores against what ``encode`` returned."""
        scores = np.asarray(scores)
        if self.kind == "multiclass":
            right = scores.argmax(axis=1) == encoded
        else:
            right = ((scores > 0) == (encoded > 0)).all(axis=1)
        return float(np.average(right, weights=sample_weight))

    def decode(self, scores):
        """Labels from scores (n, n_outputs)."""
        if self.kind == "multilabel":
            return (scores > 0).astype(int)
        if self.kind == "binary":
            return self.classes[(scores[:, 0] > 0).astype(int)]
        return self.classes[scores.argmax(axis=1)]

    def finished(self, scores):
        """Add probabilities and labels to a Computation of scores."""
        return scores.classified(self.kind, self.classes)

    def curvature(self, indicators, sample_weight):
        """Second derivative of the loss by a score, p (1 - p) at the shares."""
        p = np.average(indicators, axis=0, weights=sample_weight)
        return float((p * (1 - p)).mean())

    def probabilities(self, scores):
        """Probabilities (n, n_classes) from scores; each row of classes sums to 1."""
        scores = scores.astype(np.float64)
        if self.kind == "multiclass":
            return softmax(scores, axis=1)
        positive = expit(scores)
        if self.kind == "multilabel":
            return positive
        return np.hstack([expit(-scores), positive])

    def log_probabilities(self, scores):
        """Logarithm of ``probabilities``, without underflow."""
        scores = scores.astype(np.float64)
        if self.kind == "multiclass":
            return log_softmax(scores, axis=1)
        positive = -np.logaddexp(0, -scores)
        if self.kind == "multilabel":
            return positive
        return np.hstack([-np.logaddexp(0, scores), positive])


def _check_zero_one(y):
    """Raise ValueError for labels of two values that others write for 0 and 1."""
    values = np.unique(y)
    if not np.isin(values, (0, 1)).all():
        raise ValueError(
            f"y is a matrix of the values {values[:5]}, but an indicator matrix holds "
            "0 where a row lacks a label and 1 where it has it. Convert it, as by "
            f"(y == {values[-1]}).astype(int)."
        )


@dataclass
class RealTargets:
    """Targets of a regressor, standardised for training.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_outputs,)
    is_vector : bool
        Whether y was one-dimensional.
    """

    mean: np.ndarray
    scale: np.ndarray
    is_vector: bool

    loss = "squared"
    classes = None
    # Of scores that are all zero, that is of the mean.
    blank_loss = 0.5

    @classmethod
    def from_targets(cls, y, sample_weight=None):
        """Learn each output's weighted mean and standard deviation.

        Raises
        ------
        ValueError
            If an output's variance is not a floating-point number, or zero only as one.
        """
        columns = y.reshape(len(y), -1).astype(np.float64)
        return cls.from_moments(Moments.of(columns, sample_weight), y.ndim == 1)

    @classmethod
    def from_moments(cls, moments, is_vector):
        """Learn the same from the moments of the outputs."""
        for size in ("large", "small"):
            if getattr(moments, f"too_{size}").any():
                raise ValueError(
                    f"y has values too {size} to be standardised: their variance is "
                    "not a floating-point number. Rescale y."
                )
        return cls(moments.mean, moments.scale, is_vector)

    @property
    def n_outputs(self):
        """Scores a row."""
        return len(self.mean)

    def encode(self, y, dtype):
        """Standardised targets (n, n_outputs)."""
        columns = y.reshape(len(y), -1)
        if columns.shape[1] != self.n_outputs:
            raise ValueError(
                f"y has {columns.shape[1]} outputs, but this estimator was started "
                f"with {self.n_outputs}."
            )
        return ((columns - self.mean) / self.scale).astype(dtype)

    def curvature(self, indicators, sample_weight):
        """Second derivative, by a score, of a loss that is a mean over the outputs."""
        return 1 / self.n_outputs

    def indicators(self, encoded):
        """Return the targets themselves."""
        return encoded

    def score(self, encoded, scores, sample_weight=None):
        """R2 of scores against what ``encode`` returned."""
        return float(r2_score(encoded, scores, sample_weight=sample_weight))

    def finished(self, scores):
        """Return a Computation of scores, for these are the predictions."""
        return scores

    def decode(self, scores):
        """Predictions from scores on the scale of y."""
        return scores[:, 0] if self.is_vector else scores
