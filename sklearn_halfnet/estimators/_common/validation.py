"""Checks of data at the door, beyond what scikit-learn's ``validate_data`` does."""

import sys
import warnings
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.utils import check_array, check_X_y, get_tags
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from sklearn_halfnet._checks import not_masked
from sklearn_halfnet._device import import_torch
from sklearn_halfnet._sparse_input import canonical_csr
from sklearn_halfnet.estimators._common.frames import (
    as_numbers,
    check_numbers,
    learned_vocabulary,
)
from sklearn_halfnet.estimators._common.images import flat_images
from sklearn_halfnet.features.scaling import all_finite
from sklearn_halfnet.models.regression_losses import SquaredError, loss_named
from sklearn_halfnet.models.targets import ClassTargets, RealTargets

# Of the largest weight: sums of weighted float32 squares stay within their range.
_LEAST_WEIGHT, _LARGEST_WEIGHT = 1e-30, 1e30

__all__ = [
    "check_sample_weight",
    "finite_outputs",
    "make_targets",
    "refuse_missing",
    "row_weights",
    "targets_as_taken",
    "total_weight",
    "validate_X",
    "validate_for_weights",
    "validate_input",
    "validate_training",
    "validation_weights",
    "wanted_loss",
]

_LOSS_PARAMETERS = ("loss", "quantile", "epsilon")


def validate_X(estimator, X, *, reset=False) -> Any:
    """Validate X alone, for prediction.

    Parameters
    ----------
    estimator : estimator
    X : {array-like, sparse matrix, tensor, dataframe} of shape (n_samples, n_features)
    reset : bool, default=False
        Whether to remember the number and names of the features.

    Returns
    -------
    X : {ndarray, CSR matrix}
        float32 or float64, finite; a sparse one with each entry stored once.
    """
    X = _as_rows(estimator, _at_the_door(X, "X"), reset)
    X = _checked(estimator, X, reset=reset, **_accepted(estimator))
    return _refuse_sparse_nan(X)


def validate_input(estimator, X, y, *, reset, keeps_unseen=False, **options) -> Any:
    """Validate X and y together, for training.

    Parameters
    ----------
    estimator : estimator
    X : {array-like, sparse matrix, tensor, dataframe} of shape (n_samples, n_features)
    y : {array-like, sparse matrix} of shape (n_samples,) or (n_samples, n_outputs)
        A sparse one becomes dense.
    reset : bool
        Whether to remember the number and names of the features.
    keeps_unseen : bool, default=False
        Whether a first chunk is to remember categories that it does not show.
    **options : dict
        Passed to ``validate_data``.

    Returns
    -------
    X : {ndarray, CSR matrix}
    y : ndarray

    Raises
    ------
    ValueError, TypeError
        As scikit-learn; and for masked arrays, corrupt sparse matrices, polars
        LazyFrames and tensors that numpy cannot hold.
    """
    _warn_if_misaligned(X, y)
    refuse_missing(y)
    X, y = _as_rows(estimator, _at_the_door(X, "X"), reset), _at_the_door(y, "y")
    if sparse.issparse(y):  # as MultiLabelBinarizer(sparse_output=True) gives them
        y = y.toarray()
    options |= {"multi_output": True, "keeps_unseen": keeps_unseen}
    X, y = _checked(estimator, X, y, reset=reset, **_accepted(estimator), **options)
    return _refuse_sparse_nan(X), y


def _checked(estimator, X, *y, reset, keeps_unseen=False, **options):
    """Let scikit-learn validate X, or X and y, once columns of categories are codes."""
    takes_categories = hasattr(type(estimator), "categorical_features")
    if takes_categories and reset:
        estimator._vocabulary = learned_vocabulary(
            X, estimator.categorical_features, keeps_unseen=keeps_unseen
        )
    vocabulary = estimator._vocabulary if takes_categories else None
    if vocabulary is None:
        if takes_categories:
            check_numbers(X)
        return validate_data(estimator, X, *y, reset=reset, **options)
    # Number and names of the features are those of the frame.
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    check = check_X_y if y else check_array
    return check(as_numbers(X, vocabulary), *y, estimator=estimator, **options)


def _refuse_sparse_nan(X):
    """Refuse NaN in a sparse matrix: scaled without a centre it would be no median."""
    if sparse.issparse(X) and np.isnan(X.data).any():
        raise ValueError(
            "Input X contains NaN, and is sparse: missing values are filled in, and "
            "told by indicators, in a dense X only."
        )
    return X


def validate_training(estimator, X, y, *, reset, keeps_unseen=False) -> Any:
    """Validate X and y as a classifier or a regressor takes them.

    Parameters
    ----------
    estimator : classifier or regressor
    X, y, reset, keeps_unseen
        As in ``validate_input``.

    Returns
    -------
    X : {ndarray, CSR matrix}
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        float64 of a regressor.
    """
    options = {"reset": reset, "keeps_unseen": keeps_unseen}
    if not is_classifier(estimator):
        options["y_numeric"] = True
    X, y = validate_input(estimator, X, y, **options)
    return X, targets_as_taken(estimator, y)


def targets_as_taken(estimator, y):
    """Return y of a classifier as a vector if it is one, of a regressor as float64."""
    if not is_classifier(estimator):
        return y.astype(np.float64, copy=False)
    if y.ndim == 2 and y.shape[1] == 1:
        return column_or_1d(y, warn=True)
    return y


def make_targets(estimator, y, sample_weight, classes=None):
    """Learn the classes, of which rows of positive weight must show two, or the units.

    Parameters
    ----------
    estimator : classifier or regressor
    y : ndarray
        As ``validate_training`` returned it.
    sample_weight : ndarray of shape (n_samples,) or None
    classes : array-like of shape (n_classes,), default=None
        All class labels, where y may not show each of them.

    Returns
    -------
    targets : ClassTargets or RealTargets
    """
    if not is_classifier(estimator):
        return RealTargets.from_targets(y, sample_weight, wanted_loss(estimator))
    targets = ClassTargets.from_labels(y, classes)
    if sample_weight is not None and classes is None:
        ClassTargets.from_labels(y[sample_weight > 0])
    return targets


def validate_for_weights(estimator, X, y, kinds) -> Any:
    """Validate what a transformer of random weights is fitted on.

    Parameters
    ----------
    estimator : estimator
    X : {array-like, sparse matrix, tensor, dataframe} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or None
    kinds : list of BaseWeights
        The kinds of its weights.

    Returns
    -------
    X : {ndarray, CSR matrix}
    y : ndarray of shape (n_samples,) or None
        Class indices or real targets; None if no kind needs them.
    """
    if y is None or not any(kind.requires_y for kind in kinds):
        return validate_X(estimator, X, reset=True), None
    X, y = validate_input(estimator, X, y, reset=True)
    if type_of_target(y) in ("binary", "multiclass"):
        return X, np.unique(y, return_inverse=True)[1]
    return X, y.astype(np.float64)


def wanted_loss(estimator):
    """Return the loss that a regressor is to minimise, if all else goes with it.

    Raises
    ------
    ValueError
        If a parameter is not for this loss.
    """
    parameters = estimator.get_params(deep=False)
    if "loss" not in parameters:  # of a closed form
        return SquaredError()
    loss = loss_named(**{each: parameters[each] for each in _LOSS_PARAMETERS})
    if parameters["solver"] == "lbfgs" and not loss.is_smooth:
        raise ValueError(
            f"solver='lbfgs' needs a loss that has a gradient everywhere, and "
            f"loss={loss.name!r} has kinks. Use solver='adam'."
        )
    if parameters.get("polish") and loss != SquaredError():
        raise ValueError(
            f"polish={parameters['polish']!r} refits the read-out by ridge regression, "
            f"which minimises the squared error and not loss={loss.name!r}. Leave it "
            "out."
        )
    return loss


def finite_outputs(estimator, compute, X) -> Any:
    """Validate X, compute outputs from it, and see to it that they are finite, too.

    Parameters
    ----------
    estimator : estimator
        Fitted, or an error says that it is not.
    compute : callable
        From validated X to an array, or a list of arrays, of n_samples rows.
    X : {array-like, sparse matrix, tensor, dataframe} of shape (n_samples, n_features)

    Returns
    -------
    outputs : ndarray or list of ndarray

    Raises
    ------
    ValueError
        If finite values of X are so large that outputs are not finite.
    """
    check_is_fitted(estimator)
    X = validate_X(estimator, X)
    # An overflow is reported once, by the error.
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = compute(X)
    for array in outputs if isinstance(outputs, list) else [outputs]:
        _check_finite(array)
    return outputs


def _check_finite(outputs):
    on_numpy = isinstance(outputs, np.ndarray)
    if all_finite(outputs) if on_numpy else outputs.isfinite().all():
        return
    finite = np.isfinite(outputs if on_numpy else outputs.cpu().numpy())
    row = int(finite.reshape(len(finite), -1).all(axis=1).argmin())
    raise ValueError(
        f"Row {row} of X has values too large for this model: what it computes from "
        "them is not finite. Rescale or leave out such rows."
    )


def _accepted(estimator):
    takes = get_tags(estimator).input_tags
    return {
        "accept_sparse": "csr" if takes.sparse else False,
        "ensure_all_finite": "allow-nan" if takes.allow_nan else True,
        "dtype": (np.float64, np.float32),
    }


def _as_rows(estimator, X, reset):
    """Flatten images or series, for an estimator whose tags say that it takes them."""
    if not get_tags(estimator).input_tags.three_d_array:
        return X
    if reset:
        return flat_images(X)
    series_shape = getattr(estimator, "series_shape_", None)
    return flat_images(X, getattr(estimator, "image_shape_", series_shape))


def _at_the_door(data, name):
    """Turn away, or convert, what numpy would take without telling the truth."""
    not_masked(data, name)
    kind = type(data)
    if kind.__module__.startswith("polars") and kind.__name__ == "LazyFrame":
        raise TypeError(f"{name} is a polars LazyFrame: call .collect() first.")
    if kind.__module__.partition(".")[0] == "torch" and hasattr(data, "detach"):
        return _tensor_to_numpy(data, name)
    return canonical_csr(data, name) if sparse.issparse(data) else data


def _tensor_to_numpy(tensor, name):
    torch = import_torch()

    try:
        tensor = tensor.detach().cpu()
        if tensor.dtype in (torch.bfloat16, torch.float16):
            tensor = tensor.float()
        return tensor.numpy()
    except (RuntimeError, TypeError) as error:  # meta, sparse or quantised
        raise ValueError(
            f"{name} is a torch tensor that has no numpy array: {error} Give a dense "
            "tensor with values."
        ) from error


def refuse_missing(y):
    """Refuse missing labels as pandas has them: NA can be compared with nothing."""
    pandas = sys.modules.get("pandas")
    boxed = hasattr(y, "isna") or getattr(getattr(y, "dtype", None), "kind", "") == "O"
    if pandas is None or not boxed:
        return
    missing = np.asarray(pandas.isna(y))
    if missing.any():
        row = int(np.argwhere(missing)[0][0])
        raise ValueError(f"y contains NaN or NA, first in row {row}. Drop such rows.")


def _warn_if_misaligned(X, y):
    """Warn when two pandas objects carry the same labels in another order."""
    index: Any = getattr(X, "index", None)
    other: Any = getattr(y, "index", None)
    if not hasattr(index, "equals") or not hasattr(other, "equals"):
        return
    if len(index) != len(other) or index.equals(other):
        return
    # Labels of mixed types have no order to be sorted by.
    if index.isin(other).all() and other.isin(index).all():
        warnings.warn(
            "X and y have the same index labels in a different order. Rows are "
            "matched by position, not by label.",
            UserWarning,
        )


def check_sample_weight(
    sample_weight, n_samples, allow_zero=False, name="sample_weight"
):
    """Validate sample weights.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
    n_samples : int
    allow_zero : bool, default=False
        Whether all may be zero.
    name : str, default="sample_weight"
        What they are called in errors.

    Returns
    -------
    sample_weight : ndarray of shape (n_samples,) of float64 or None

    Raises
    ------
    ValueError
        If the length or number of dimensions is wrong, a weight is complex, negative or
        not finite, all are zero, or the largest is out of range.
    """
    if sample_weight is None:
        return None
    weight = np.asarray(_at_the_door(sample_weight, name))
    if weight.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} must be real.")
    weight = weight.astype(np.float64)
    if weight.ndim == 0:
        weight = np.full(n_samples, float(weight))
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weight.ndim}D array."
        )
    if len(weight) != n_samples:
        raise ValueError(f"{name}.shape == {weight.shape}, expected {(n_samples,)}!")
    if not np.isfinite(weight).all():
        raise ValueError(f"{name} contains NaN or infinity.")
    if (weight < 0).any():
        raise ValueError(f"Negative values in data passed to `{name}`.")
    if not (allow_zero or weight.any()):
        raise ValueError(f"{name} is zero for every sample.")
    _check_range(weight, name)
    return weight


def _check_range(weight, name):
    largest = weight.max(initial=0)
    if largest and not _LEAST_WEIGHT <= largest <= _LARGEST_WEIGHT:
        raise ValueError(
            f"{name} has values too {'small' if largest < 1 else 'large'}: the largest "
            f"is {largest:.3g}, and must lie between {_LEAST_WEIGHT:g} and "
            f"{_LARGEST_WEIGHT:g}. Divide all by one number."
        )


def total_weight(
    y, sample_weight=None, class_weight=None, classes=None, allow_zero=False
):
    """Multiply sample weights by their class's weight.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,) or None
        Checked by ``check_sample_weight``.
    class_weight : dict, list of dict, "balanced" or None
    classes : array-like of shape (n_classes,), default=None
        All class labels, where y may not show each of them.
    allow_zero : bool, default=False
        Whether the weights of all rows may be zero.

    Returns
    -------
    weight : ndarray of shape (n_samples,) or None
        None if all are one.

    Raises
    ------
    ValueError
        As ``check_sample_weight``; if a class has a negative weight or one that is not
        finite; or if the product is zero for every row.
    """
    weight = check_sample_weight(sample_weight, len(y), allow_zero)
    if class_weight is not None:
        of_class = _of_class(class_weight, y, classes)
        if not (np.isfinite(of_class) & (of_class >= 0)).all():
            raise ValueError(
                f"class_weight={class_weight!r} must hold finite numbers that are not "
                "negative."
            )
        weight = of_class if weight is None else weight * of_class
    if weight is not None and not (allow_zero or weight.any()):
        raise ValueError("sample_weight times class_weight is zero for every row.")
    if class_weight is not None:
        _check_range(weight, "sample_weight times class_weight")
    return weight


def _of_class(class_weight, y, classes, counted=None):
    """Weight of each row's class; a chunk need not show every class.

    "balanced" goes by the numbers of rows that are ``counted``, None being all.
    """
    shown = y
    if class_weight != "balanced" and y.ndim == 2:
        shown = np.vstack([y, np.zeros_like(y[:1]), np.ones_like(y[:1])])
    elif class_weight != "balanced" and classes is not None:
        shown = np.concatenate([y, classes])
    return compute_sample_weight(class_weight, shown, indices=counted)[: len(y)]


def row_weights(estimator, y, sample_weight, classes=None, allow_zero=False):
    """Check sample weights, and multiply them by the estimator's class weights.

    Parameters
    ----------
    estimator : estimator
        With or without ``class_weight``.
    y, sample_weight, classes, allow_zero
        As in ``total_weight``.

    Returns
    -------
    repeats : ndarray of shape (n_samples,) or None
        Sample weights alone: a class of weight zero is a class all the same.
    weight : ndarray of shape (n_samples,) or None
        Their products with class weights.
    """
    repeats = total_weight(y, sample_weight, allow_zero=allow_zero)
    class_weight = getattr(estimator, "class_weight", None)
    return repeats, total_weight(y, repeats, class_weight, classes, allow_zero)


def validation_weights(estimator, y, y_val, sample_weight, classes):
    """Weights of the rows that a training is judged by.

    Parameters
    ----------
    estimator : estimator
        With or without ``class_weight``: a class weighs what it weighs in training.
    y : ndarray
        Of the training.
    y_val : ndarray of shape (n_val,) or (n_val, n_outputs)
    sample_weight : array-like of shape (n_val,) or None
    classes : ndarray of shape (n_classes,) or None
        All class labels.

    Returns
    -------
    weight : ndarray of shape (n_val,) or None
        None if all are one.
    """
    name = "sample_weight_val"
    weight = check_sample_weight(sample_weight, len(y_val), name=name)
    class_weight = getattr(estimator, "class_weight", None)
    if class_weight is None:
        return weight
    rows, counted = np.concatenate([y_val, y]), None
    if class_weight == "balanced":
        counted = np.arange(len(y_val), len(rows))
    of_class = _of_class(class_weight, rows, classes, counted)[: len(y_val)]
    weight = of_class if weight is None else weight * of_class
    if not weight.any():
        raise ValueError(f"{name} times class_weight is zero for every row.")
    return weight
