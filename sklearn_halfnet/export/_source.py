"""What exports share: an estimator's steps, labels, and numbers of a type."""

import inspect
import sys
from typing import get_args

import numpy as np
from sklearn.utils.validation import check_is_fitted

__all__ = [
    "check_dtype",
    "check_name",
    "class_labels",
    "computation_of",
    "converted",
    "is_ours",
]

_EXPORTED = (
    "half layers, also behind convolutions, HalfNet, ELM, RVFL, boosted features, "
    "partially trained CNNs and their ensembles, weight-agnostic networks, "
    "RandomFeatures and RandomNetwork"
)


def computation_of(estimator):
    """Ask a fitted estimator for its steps from X to the prediction.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    computation : Computation

    Raises
    ------
    TypeError
        If the estimator has no steps that can be written.
    NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> from sklearn_halfnet import RandomNetwork
    >>> from sklearn_halfnet.export._source import computation_of
    >>> network = RandomNetwork((8, 4), random_state=0).fit([[0.0, 1.0], [2.0, 3.0]])
    >>> len(computation_of(network).steps)  # scaling, two layers
    3
    """
    if not _has_steps(estimator):
        raise TypeError(
            f"{type(estimator).__name__} cannot be exported: the estimators that can "
            f"are {_EXPORTED}."
        )
    check_is_fitted(estimator)
    steps, targets = estimator.model_.steps(), estimator.model_.targets
    return steps if targets is None else targets.finished(steps)


def _has_steps(estimator):
    """Whether a model has steps: the one that is there, or the kind that will be."""
    if hasattr(estimator, "model_"):
        return hasattr(estimator.model_, "steps")
    kinds = [kind for cls in type(estimator).__mro__ for kind in _kinds_of_model(cls)]
    return any(hasattr(kind, "steps") for kind in kinds)


def _kinds_of_model(cls):
    """Classes that annotate the ``model_`` of an estimator's class, if one does."""
    found, of = vars(cls).get("model_"), (cls, "model_")
    if isinstance(found, property):
        of = found.fget, "return"
    kind = inspect.get_annotations(of[0]).get(of[1])
    # Modules that import annotations from __future__ have them as text.
    kind = vars(sys.modules[cls.__module__]).get(kind, kind)
    return get_args(kind) or [kind]


def class_labels(classes):
    """Turn class labels into what both formats have: int64 or strings.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    labels : ndarray of int64, or of str objects
        Booleans and whole floating-point numbers become integers.

    Raises
    ------
    TypeError
        If they are something else.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_halfnet.export._source import class_labels
    >>> class_labels(np.array([False, True])), class_labels(np.array(["no", "yes"]))
    (array([0, 1]), array(['no', 'yes'], dtype=object))
    """
    values = np.array(classes.tolist())
    if values.dtype.kind == "U":
        return values.astype(object)
    if values.dtype.kind in "biuf":
        labels = values.astype(np.int64)
        if (labels == values).all():
            return labels
    raise TypeError(
        f"classes_ {classes!r} cannot be exported: labels must be integers or strings. "
        "Fit on such labels, or on their indices."
    )


def is_ours(estimator):
    """Tell whether an estimator is one of this package."""
    return type(estimator).__module__.startswith("sklearn_halfnet.")


def check_dtype(dtype):
    """Raise ValueError unless ``dtype`` is "float32" or "float64"."""
    check_name("dtype", dtype, ("float32", "float64"))


def check_name(parameter, value, names):
    """Raise ValueError unless a parameter is one of some names."""
    if value not in names:
        listed = " or ".join(map(repr, names))
        raise ValueError(f"{parameter}={value!r} must be {listed}.")


def converted(values, dtype):
    """Convert floating-point constants, or raise ValueError if one is too large."""
    with np.errstate(over="ignore"):
        values = np.asarray(values).astype(dtype)
    if not np.isfinite(values).all():
        raise ValueError(
            f"The model holds numbers too large for dtype={np.dtype(dtype).name!r}: "
            "use dtype='float64', or fit on rescaled data."
        )
    return values
