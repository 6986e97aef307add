"""Data frames at the door: what columns hold, and categories turned to codes."""

import warnings
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse
from sklearn.utils.validation import _check_categorical_features, check_is_fitted

from sklearn_halfnet.features.columns import Vocabulary, column_name, sorted_categories

__all__ = ["OF_CATEGORIES", "as_numbers", "check_numbers", "learned_vocabulary"]

_CATEGORICAL = (nw.Categorical, nw.Enum, nw.Boolean)
# Of pandas.
_MISSING_TYPES = {"NAType", "NaTType"}


def learned_vocabulary(X, categorical_features, *, keeps_unseen=False):
    """Learn which columns hold categories, and which.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
    categorical_features : "from_dtype", array-like or None
    keeps_unseen : bool, default=False
        Whether categories count that a type declares and no row has, since other rows
        come later.

    Returns
    -------
    vocabulary : Vocabulary or None
        None if no column holds categories.
    """
    mask = _categorical_mask(X, categorical_features)
    if mask is None:
        return None
    columns, names, categories = _columns(X), _names(X), {}
    for number in np.flatnonzero(mask).tolist():
        column = columns[number]
        distinct, _ = _factorised(column, column_name(number, names))
        declared = _declared(column) if keeps_unseen else []
        categories[number] = sorted_categories({*distinct, *declared})
    return Vocabulary(len(columns), categories, names, keeps_unseen)


def as_numbers(X, vocabulary):
    """Make codes of the columns of categories, and numbers of the others.

    Parameters
    ----------
    X : {array-like, dataframe} of shape (n_samples, n_features)
    vocabulary : Vocabulary

    Returns
    -------
    numbers : ndarray of shape (n_samples, n_features), float64
        NaN is missing, and -1 a category that was not learned.

    Raises
    ------
    ValueError
        If a column that should hold numbers holds something else, which names it.

    Warns
    -----
    UserWarning
        If a column has several categories, and none of them was learned.
    """
    _refuse_sparse(X)
    return np.column_stack(
        [
            _codes(column, vocabulary, number)
            if number in vocabulary.categories
            else _numbers(column, vocabulary.name(number))
            for number, column in enumerate(_columns(X))
        ]
    )


def check_numbers(X):
    """Refuse columns of a data frame that are no numbers, by name."""
    if not _is_frame(X):
        return
    for number, column in enumerate(_columns(X)):
        if not _holds_numbers(_dtype(column)):
            _numbers(column, column_name(number, _names(X)))


def _categories(estimator):
    check_is_fitted(estimator)
    vocabulary = estimator._vocabulary
    if vocabulary is None:
        return {}
    known = vocabulary.categories
    return {vocabulary.name(number): known[number].copy() for number in known}


OF_CATEGORIES = property(_categories, doc="Categories by name or number of column.")


# -- which columns hold categories -----------------------------------------------------


def _is_frame(X) -> bool:
    return nw.dependencies.is_into_dataframe(X)


def _categorical_mask(X, how):
    """Which columns hold categories; None if none do."""
    if how is None:
        return None
    if not isinstance(how, str):
        _refuse_sparse(X)
        return _check_categorical_features(X if _is_frame(X) else _objects(X), how)
    if not _is_frame(X):
        return None
    mask = np.array([_dtype(column) in _CATEGORICAL for column in _columns(X)], bool)
    return mask if mask.any() else None


def _refuse_sparse(X):
    if sparse.issparse(X):
        raise TypeError(
            "X is sparse, but has columns of categories: give a dense array or a data "
            "frame."
        )


def _names(X) -> Any:
    """Return the names of a frame's columns, or None."""
    return np.array(nw.from_native(X).columns, object) if _is_frame(X) else None


def _columns(X):
    """Columns of a frame as its library has them, or of an array."""
    if _is_frame(X):
        return [column.to_native() for column in nw.from_native(X).iter_columns()]
    return list(_objects(X).T)


def _objects(X):
    """Make an array of what is none: lists of numbers and text stay what they are."""
    array = X if isinstance(X, np.ndarray) else np.array(X, dtype=object)
    if array.ndim != 2:
        raise ValueError(f"Expected 2D array, got {array.ndim}D array instead.")
    return array


def _series(column) -> Any:
    return nw.from_native(column, series_only=True, pass_through=True)


def _dtype(column) -> Any:
    """Type of a frame's column; None of an array's."""
    series = _series(column)
    return None if isinstance(series, np.ndarray) else series.dtype


# -- categories and their codes --------------------------------------------------------


def _declared(column):
    """Categories that the type of a column lists."""
    series = _series(column)
    if isinstance(series, np.ndarray) or series.dtype not in _CATEGORICAL[:2]:
        return []
    if hasattr(column, "cat") and hasattr(column.cat, "codes"):  # pandas: of any type
        return column.cat.categories.tolist()
    return series.cat.get_categories().to_list()


def _codes(column, vocabulary, number):
    """Numbers of a column's categories, as floats."""
    known, name = vocabulary.categories[number], vocabulary.name(number)
    distinct, places = _factorised(column, name)
    code_of = {category: code for code, category in enumerate(known.tolist())}
    codes = np.array([*(code_of.get(each, -1) for each in distinct), np.nan])
    if len(distinct) > 1 and (codes[:-1] < 0).all():
        warnings.warn(
            f"Column {name!r} of X has {len(distinct)} categories, none of which was "
            f"seen in fit: {distinct[0]!r}, ... Are they written in another way?",
            UserWarning,
        )
    return codes[places]


def _factorised(column, name):
    """Distinct values of a column, and each row's place among them; missing: -1."""
    if hasattr(column, "cat") and hasattr(column.cat, "codes"):
        codes = column.cat.codes.to_numpy()
        present, places = np.unique(codes, return_inverse=True)
        categories = column.cat.categories.tolist()
        distinct = [categories[code] for code in present.tolist() if code >= 0]
        return distinct, places - int(len(distinct) < len(present))
    if isinstance(column, np.ndarray) and column.dtype.kind in "biuf":
        return _factorised_numbers(column, name)
    place_of: dict[Any, int] = {}
    try:
        places = [
            -1 if _is_missing(value) else place_of.setdefault(value, len(place_of))
            for value in _values(column)
        ]
    except TypeError as error:
        raise ValueError(
            f"Column {name!r} of X holds categories that are no plain values: {error}."
        ) from error
    return list(place_of), np.array(places, dtype=int)


def _factorised_numbers(column, name):
    missing = np.isnan(column)
    if np.isinf(column).any():
        raise ValueError(f"Column {name!r} of X contains infinity.")
    distinct, places = np.unique(column[~missing], return_inverse=True)
    codes = np.full(len(column), -1)
    codes[~missing] = places
    return distinct.tolist(), codes


def _values(column):
    """Values of a column as Python has them."""
    series = _series(column)
    return column.tolist() if isinstance(series, np.ndarray) else series.to_list()


def _is_missing(value):
    if value is None or type(value).__name__ in _MISSING_TYPES:
        return True
    return isinstance(value, float) and value != value


# -- numbers ---------------------------------------------------------------------------


def _holds_numbers(dtype):
    return dtype is not None and (dtype.is_numeric() or dtype == nw.Boolean)


def _numbers(column, name):
    """Turn a column to float64, with NaN where a value is missing."""
    dtype = _dtype(column)
    if dtype is not None and dtype.is_temporal():
        raise ValueError(
            f"Column {name!r} of X holds dates or times ({dtype}), not numbers: make "
            "some of them, such as days since a day, or leave it out."
        )
    values = column
    if _holds_numbers(dtype):
        values = _series(column).cast(nw.Float64).to_numpy()
    if _dtype(values) is not None or values.dtype == object:
        values = [np.nan if _is_missing(each) else each for each in _values(values)]
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Column {name!r} of X holds no numbers: {error}. If it holds categories, "
            f"say so by its type, as X[{name!r}].astype('category') of pandas does, or "
            "by categorical_features."
        ) from error
