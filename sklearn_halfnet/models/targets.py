"""Between y as the user has it and the targets and scores of a network."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_softmax, softmax
from sklearn.metrics import r2_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklearn_halfnet.features.computation import Exponential, Sorted
from sklearn_halfnet.features.moments import Moments
from sklearn_halfnet.features.scaling_rules import rows_of_quartiles
from sklearn_halfnet.models.regression_losses import RegressionLoss, SquaredError

__all__ = ["ClassTargets", "RealTargets", "is_text"]

_SQUARED = SquaredError()


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
    loss_options = {}

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

    def unseen(self, labels):
        """Return, each once, the labels that are not among the classes.

        Raises
        ------
        ValueError
            If they are of another type than the classes: text beside numbers.
        """
        labels = np.asarray(labels)
        if self._index(labels) is not None:
            return labels[:0]
        unseen = np.setdiff1d(labels, self.classes) if self._are_alike(labels) else None
        # Booleans are no numbers where classes are added: True would be one with 1.
        types = {labels.dtype.kind, self.classes.dtype.kind}
        if unseen is None or (len(unseen) and len(types) == 2 and "b" in types):
            raise ValueError(
                f"y holds labels such as {labels.flat[0]!r} (dtype {labels.dtype}), "
                f"but the classes are {self.classes} (dtype {self.classes.dtype}). "
                "Labels must be of one type."
            )
        return unseen

    def _index(self, labels):
        """Class indices; None where that must be found out with more care."""
        kind = labels.dtype.kind
        if kind == "O" or kind != self.classes.dtype.kind:
            return None
        index = np.searchsorted(self.classes, labels)
        index = np.minimum(index, len(self.classes) - 1)
        return index if (self.classes[index] == labels).all() else None

    def _are_alike(self, labels):
        return labels.size == 0 or is_text(labels) == is_text(self.classes)

    def with_classes(self, labels):
        """Return targets of further classes, and what becomes of indicators.

        Parameters
        ----------
        labels : ndarray of shape (n_new_classes,)
            What ``unseen`` returned.

        Returns
        -------
        targets : ClassTargets
        matrix : ndarray of shape (n_outputs, n_new_outputs)
        offset : ndarray of shape (n_new_outputs,)
            Indicators Y become ``Y @ matrix + offset``: of new classes, zero.
        """
        check_classification_targets(labels)
        if labels.dtype.kind == "f" and self.classes.dtype.kind in "iu":
            labels = labels.astype(np.int64)  # 3.0 is 3
        classes = np.union1d(self.classes, labels)
        targets = ClassTargets("binary" if len(classes) == 2 else "multiclass", classes)
        columns = np.searchsorted(classes, self.classes)
        places = np.zeros((len(self.classes), len(classes)))
        places[np.arange(len(columns)), columns] = 1
        matrix, offset = places, np.zeros(len(classes))
        if self.kind == "binary":  # of two columns the second is kept
            matrix, offset = places[1:] - places[:1], places[0]
        if targets.kind == "binary":
            matrix, offset = matrix[:, 1:], offset[1:]
        return targets, matrix, offset

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
        index = self._index(y)
        if index is None:
            unseen = np.setdiff1d(y, self.classes)
            if len(unseen):
                raise ValueError(
                    "y contains labels that are not among the classes: "
                    f"{unseen[:5]}. The classes are {self.classes}."
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


def is_text(labels):
    """Whether an array holds labels that are text."""
    if labels.dtype.kind == "O":
        return any(isinstance(label, str) for label in labels.flat)
    return labels.dtype.kind in "UST"


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
    """Targets of a regressor, in the units that its loss is trained in.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_outputs,)
        Of the scores, so that (score - mean) / scale is what is trained.
    is_vector : bool
        Whether y was one-dimensional.
    criterion : RegressionLoss
    """

    mean: np.ndarray
    scale: np.ndarray
    is_vector: bool
    criterion: RegressionLoss = _SQUARED

    classes = None

    @classmethod
    def from_targets(cls, y, sample_weight=None, criterion: RegressionLoss = _SQUARED):
        """Learn each output's unit from its rows of positive weight.

        Raises
        ------
        ValueError
            If an output's variance is not a floating-point number, or zero only as one;
            or if the loss is not defined for a value.
        """
        columns = y.reshape(len(y), -1).astype(np.float64)
        moments = Moments.of(columns, sample_weight)
        rows = rows_of_quartiles(len(y), sample_weight)
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        sample = columns[rows], weight[rows]
        return cls.from_moments(moments, y.ndim == 1, criterion, sample)

    @classmethod
    def from_moments(
        cls, moments, is_vector, criterion: RegressionLoss = _SQUARED, sample=None
    ):
        """Learn the same from the moments of the outputs, and rows with their weights.

        The squared loss needs no rows.
        """
        for size in ("large", "small"):
            if getattr(moments, f"too_{size}").any():
                raise ValueError(
                    f"y has values too {size} to be standardised: their variance is "
                    "not a floating-point number. Rescale y."
                )
        if criterion.is_several and len(moments.mean) > 1:
            raise ValueError(
                f"y has {len(moments.mean)} outputs, but several quantiles are "
                "predicted of one output only. Fit one estimator an output."
            )
        criterion.check_range(moments.low, moments.mean)
        mean, scale = criterion.unit(moments, sample)
        return cls(mean, scale, is_vector, criterion)

    @property
    def loss(self):
        """Name of the loss."""
        return self.criterion.name

    @property
    def loss_options(self):
        """What it takes beside scores and targets."""
        return self.criterion.options(self)

    @property
    def blank_loss(self):
        """Loss of scores that are all zero, that is of the mean; None if not known."""
        return 0.5 if self.loss == "squared_error" else None

    @property
    def n_outputs(self):
        """Scores a row."""
        return len(self.mean)

    def encode(self, y, dtype):
        """Targets (n, n_outputs) in the units of training."""
        columns = y.reshape(len(y), -1)
        expected = 1 if self.criterion.is_several else self.n_outputs
        if columns.shape[1] != expected:
            raise ValueError(
                f"y has {columns.shape[1]} outputs, but this estimator was started "
                f"with {expected}."
            )
        if self.criterion.has_log_link:
            # Rows of a chunk may all be zero.
            self.criterion.check_range(columns.min(axis=0), np.ones(expected))
            return (columns / np.exp(self.mean)).astype(dtype)
        return ((columns - self.mean) / self.scale).astype(dtype)

    def curvature(self, indicators, sample_weight):
        """Second derivative, by a score, of a loss that is a mean over the outputs."""
        return 1 / self.n_outputs

    def indicators(self, encoded):
        """Return what a ridge regression is fitted to: the targets, or near them."""
        return self.criterion.response(encoded)

    def score(self, encoded, scores, sample_weight=None):
        """R2 of scores against what ``encode`` returned."""
        return float(r2_score(encoded, scores, sample_weight=sample_weight))

    def finished(self, scores):
        """Add what makes predictions of scores to a Computation of these."""
        if self.criterion.has_log_link:
            return scores.then(Exponential())
        return scores.then(Sorted()) if self.criterion.is_several else scores

    def decode(self, scores):
        """Predictions from scores on the scale of y."""
        if self.criterion.has_log_link:
            scores = np.exp(scores.astype(np.float64))
        if self.criterion.is_several:
            return np.sort(scores, axis=1)
        return scores[:, 0] if self.is_vector else scores
