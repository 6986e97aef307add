"""What chunks of rows may bring or take away: new classes, and rows to be forgotten."""

import numpy as np
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_halfnet.estimators._common.outputs import adds_classes, refuse_balanced
from sklearn_halfnet.estimators._common.validation import (
    make_targets,
    row_weights,
    validate_training,
)
from sklearn_halfnet.models.stream import Stream
from sklearn_halfnet.models.targets import ClassTargets, is_text

__all__ = [
    "NEW_CLASSES",
    "classes_of_weights",
    "first_targets",
    "with_new_classes",
    "without_rows",
]

# Of a class's share of the rows.
_ROUNDING = 1e-9

NEW_CLASSES = {"new_classes": [StrOptions({"add", "error"})]}


def first_targets(estimator, y, sample_weight, classes):
    """Learn the classes of a first chunk, which may show one only, or the units.

    Parameters
    ----------
    estimator : ClosedForm
    y, sample_weight, classes
        As in ``make_targets``.

    Returns
    -------
    targets : ClassTargets or RealTargets
    """
    if adds_classes(estimator) and classes is None and y.ndim == 1:
        shown = np.unique(y)
        if len(shown) == 1:
            return ClassTargets("multiclass", shown)
    return make_targets(estimator, y, sample_weight, classes)


def classes_of_weights(estimator, y, targets, classes):
    """Return the classes that ``class_weight`` may name beside those of a chunk.

    Parameters
    ----------
    estimator : ClosedForm
    y : ndarray
        Of the chunk.
    targets : ClassTargets, RealTargets or None
        None before the first chunk.
    classes : array-like or None
        All classes, as they were given to the call.
    """
    known = classes if targets is None else targets.classes
    weights = getattr(estimator, "class_weight", None)
    if classes is None and isinstance(weights, dict) and adds_classes(estimator):
        named = np.array([*weights])  # of which some may not have come yet
        shown = y if known is None else known
        if is_text(named) == is_text(shown):
            return np.union1d(shown, named)
    return known


def with_new_classes(estimator, y, classes):
    """Return model and stream for labels that a chunk adds, where it may.

    Parameters
    ----------
    estimator : ClosedForm
        With a model.
    y : ndarray
        Of the chunk.
    classes : array-like or None
        As given to ``partial_fit``.
    """
    model, stream = estimator.model_, estimator._stream
    targets = model.targets
    if not adds_classes(estimator) or targets.kind == "multilabel" or y.ndim == 2:
        if classes is not None:
            targets.check_same_classes(classes)
        return model, stream
    labels = y if classes is None else np.asarray(classes)
    unseen = targets.unseen(labels)
    if classes is not None:
        targets.check_same_classes(np.setdiff1d(labels, unseen))
    if not len(unseen):
        return model, stream
    return model.with_classes(stream, unseen)


def without_rows(estimator, X, y, sample_weight):
    """Return a Stream of an estimator without some rows; parameters as ``forget``."""
    check_is_fitted(estimator)
    refuse_balanced(estimator, "forget")
    X, y = validate_training(estimator, X, y, reset=False)
    model = estimator.model_
    if model.decay < 1 and sample_weight is None:
        raise ValueError(
            f"With decay={model.decay} rows lose weight as others come. forget needs "
            "sample_weight, the weights that the rows have now: decay**t times what "
            "they were given, for a row after which t others came."
        )
    known = classes_of_weights(estimator, y, model.targets, None)
    _, weight = row_weights(estimator, y, sample_weight, known)
    rest = estimator._without(X, y, weight)
    if any(gram.gram is None for gram in rest.read_out.grams):
        raise ValueError(
            f"Without these {len(y)} rows no row is left to predict from. Use fit to "
            "start anew."
        )
    _check_class_counts(model.targets, rest.read_out.grams[0])
    return Stream(rest)


def _check_class_counts(targets, gram):
    """Raise ValueError if more rows of a class were taken out than there were."""
    if targets.classes is None:
        return
    shares = gram.target_mean
    if targets.kind == "binary":
        shares = np.array([1 - shares[0], shares[0]])
    short = np.minimum(shares, 1 - shares) < -_ROUNDING
    if short.any():
        raise ValueError(
            f"Of class {targets.classes[short.argmax()]!r} more rows were to be "
            "forgotten than were seen, or with other weights."
        )
