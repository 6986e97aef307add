"""Data frames at the door: what columns hold, and categories turned to codes.

Everything here goes by position: names may be missing, or not be unique.
"""

import warnings
from types import SimpleNamespace
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse
from sklearn.utils.validation import _check_categorical_features, check_is_fitted

from sklearn_halfnet.features.columns import Vocabulary, column_name, sorted_categories

__all__ = ["OF_CATEGORIES", "as_numbers"]

_CATEGORICAL = (nw.Categorical, nw.Enum, nw.Boolean)
# Of pandas.
_MISSING_TYPES = {"NAType", "NaTType"}


def as_numbers(estimator, X, *, reset, keeps_unseen=False):
    """Make codes of the columns of categories, and see that others are numbers.

    Parameters
    ----------
    estimator : estimator
        With ``categorical_features``. What is learned is kept as ``_vocabulary``.
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
    reset : bool
        Whether to learn the categories, or to use those that were learned.
    keeps_unseen : bool, default=False
        Whether categories count that a type declares and no row has, since other rows
        come later.

    Returns
    -------
    X : object
        As it was given, if no column has categories: scikit-learn's validation takes it
        from there. Else an ndarray of shape (n_samples, n_features), float64: numbers,
        and codes of categories, from 0 on, or -1 for those not learned. NaN is missing.

    Raises
    ------
    ValueError
        If a column that should hold numbers holds something else, which names it.
    """
    if reset:
        mask = _categorical_mask(X, estimator.categorical_features)
        estimator._vocabulary = None
        if mask is not None:
            estimator._vocabulary = _learned(X, mask, keeps_unseen)
    vocabulary = estimator._vocabulary
    if vocabulary is None:
        if _is_frame(X):
            _check_numbers(X)
        return X
    _refuse_sparse(X)
    columns = _columns(X)
    if len(columns) != vocabulary.n_features:  # scikit-learn says so
        return X
    return np.column_stack(
        [
            _codes(column, vocabulary, number)
            if number in vocabulary.categories
            else _numbers(column, vocabulary.name(number))
            for number, column in enumerate(columns)
        ]
    )


def _categories(estimator):
    check_is_fitted(estimator)
    vocabulary = estimator._vocabulary
    known = {} if vocabulary is None else vocabulary.categories
    return {vocabulary.name(number): known[number].copy() for number in known}


OF_CATEGORIES = property(_categories, doc="Categories by name or number of column.")


# -- which columns hold categories -----------------------------------------------------


def _is_frame(X):
    return nw.dependencies.is_into_dataframe(X)


def _categorical_mask(X, how):
    """Which columns hold categories; None if none do."""
    if how is None:
        return None
    if isinstance(how, str):  # "from_dtype"
        if not _is_frame(X):
            return None
        mask = np.array([_dtype(each) in _CATEGORICAL for each in _columns(X)], bool)
        return mask if mask.any() else None
    _refuse_sparse(X)
    names = _names(X)
    for name in how if names is not None else ():
        if isinstance(name, str) and list(names).count(name) > 1:
            raise ValueError(
                f"categorical_features names {name!r}, but X has several columns of "
                "this name. Give the columns' numbers."
            )
    # Its own look at a frame's types stumbles over names that are not unique.
    shown = SimpleNamespace(shape=(len(X), len(_columns(X))))
    if names is not None:
        shown.columns = names
    return _check_categorical_features(shown, how)


def _refuse_sparse(X):
    if sparse.issparse(X):
        raise TypeError(
            "X is sparse, but has columns of categories: give a dense array or a data "
            "frame."
        )


def _names(X):
    """Return names of a frame's columns, or None; those that scikit-learn keeps."""
    names = getattr(X, "columns", None) if _is_frame(X) else None
    if names is None:
        return None
    return np.array(getattr(X, "column_names", names), dtype=object)


def _columns(X):
    """Columns of a frame, or of what becomes an array of objects."""
    if hasattr(X, "iloc"):
        return [X.iloc[:, number] for number in range(X.shape[1])]
    if _is_frame(X):
        return [column.to_native() for column in nw.from_native(X).iter_columns()]
    array = X if isinstance(X, np.ndarray) else np.array(X, dtype=object)
    if array.ndim != 2:
        raise ValueError(f"Expected 2D array, got {array.ndim}D array instead.")
    return list(array.T)


def _series(column):
    return nw.from_native(column, series_only=True, pass_through=True)


def _dtype(column):
    series = _series(column)
    return None if isinstance(series, np.ndarray) else series.dtype


# -- categories and their codes --------------------------------------------------------


def _learned(X, mask, keeps_unseen):
    columns, categories = _columns(X), {}
    names = _names(X)
    for number in np.flatnonzero(mask).tolist():
        name = column_name(number, names)
        declared = _declared(columns[number]) if keeps_unseen else []
        distinct, _ = _factorised(columns[number], name)
        categories[number] = sorted_categories({*distinct, *declared})
    return Vocabulary(len(columns), categories, names, keeps_unseen)


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


def _check_numbers(X):
    """Refuse columns of a frame that are no numbers, by name."""
    for number, column in enumerate(_columns(X)):
        dtype = _dtype(column)
        if not (dtype.is_numeric() or dtype == nw.Boolean):
            _numbers(column, column_name(number, _names(X)))


def _numbers(column, name):
    """Turn a column to float64, with NaN where a value is missing."""
    series = _series(column)
    if isinstance(series, np.ndarray):
        dtype, values = None, column
    else:
        dtype = series.dtype
        values = None
        if dtype.is_numeric() or dtype == nw.Boolean:
            values = series.cast(nw.Float64).to_numpy()
    if values is None or values.dtype == object:
        values = [np.nan if _is_missing(each) else each for each in _values(column)]
    try:
        if dtype is not None and dtype.is_temporal():
            raise TypeError("dates and times")
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(_no_numbers(name, dtype, error)) from error


def _no_numbers(name, dtype, error):
    if dtype is not None and dtype.is_temporal():
        return (
            f"Column {name!r} of X holds {error} ({dtype}), not numbers: make some of "
            "them, such as days since a day, or leave it out."
        )
    return (
        f"Column {name!r} of X holds no numbers: {error}. If it holds categories, say "
        f"so by its type, as X[{name!r}].astype('category') of pandas does, or by "
        "categorical_features."
    )
