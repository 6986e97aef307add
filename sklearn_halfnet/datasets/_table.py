"""From rows as read to arrays to fit: task, split, missing values, categories."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder

from sklearn_halfnet.exceptions import DatasetError

__all__ = ["Table", "encode", "guess_task", "joined", "split_rows"]

# An integer target with more values than this is a quantity, not a class.
MAX_CLASSES = 100
# Rarer values of a text column share one indicator.
MAX_CATEGORIES = 100


@dataclass
class Table:
    """Rows as a file holds them, before they are split and encoded.

    Attributes
    ----------
    numeric : ndarray of shape (n_rows, n_numeric)
        Numbers; nan where missing.
    numeric_names : list of str
        Names of its columns.
    y : ndarray of shape (n_rows,)
        Target.
    target_name : str
        Its name.
    categories : ndarray of str objects, shape (n_rows, n_categorical), or None
        Text columns.
    category_names : list of str
        Names of its columns.
    is_test : ndarray of bool of shape (n_rows,) or None
        The file's own split.
    image_shape : tuple of int or None
        If each row is an image of bytes.
    class_names : sequence of str or None
        Names of the classes 0, 1, 2, ...
    notes : sequence of str
        What reading did to the rows, in sentences.
    """

    numeric: np.ndarray
    numeric_names: list
    y: np.ndarray
    target_name: str
    categories: np.ndarray | None = None
    category_names: tuple = ()
    is_test: np.ndarray | None = None
    image_shape: tuple | None = None
    class_names: object = None
    notes: tuple = ()


def joined(names):
    """Names in a row, shortened when there are many.

    Examples
    --------
    >>> joined("abc")
    'a, b, c'
    """
    names = [str(name) for name in names]
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def guess_task(y):
    """Classification or regression, by the type of the target.

    Text, booleans and integers of at most 100 distinct values (and at most half
    as many as there are rows) are classes; other numbers are quantities.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Target.

    Returns
    -------
    str
        ``"classification"`` or ``"regression"``.

    Examples
    --------
    >>> import numpy as np
    >>> guess_task(np.array([0, 1, 0, 1]))
    'classification'
    >>> guess_task(np.array([0.5, 1.0, 0.1]))
    'regression'
    """
    if y.dtype.kind == "f":
        return "regression"
    if y.dtype.kind in "iu" and len(np.unique(y)) > min(MAX_CLASSES, len(y) / 2):
        return "regression"
    return "classification"


def split_rows(y, task, test_size, random_state):
    """Mask of test rows: random, and stratified where each class allows it.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Target.
    task : str
        "classification" or "regression".
    test_size : float
        Fraction of rows to test on.
    random_state : int
        Seed.

    Returns
    -------
    ndarray of bool of shape (n_rows,)
        True for test rows.
    """
    stratify = None
    if task == "classification":
        counts = np.unique(y, return_counts=True)[1]
        # One row a class in both parts, or else stratifying is impossible.
        if counts.min() >= 2 and len(counts) <= min(test_size, 1 - test_size) * len(y):
            stratify = y
    _, test = train_test_split(
        np.arange(len(y)),
        test_size=test_size,
        random_state=random_state,
        stratify=stratify,
    )
    is_test = np.zeros(len(y), dtype=bool)
    is_test[test] = True
    return is_test


def encode(table, is_test, path):
    """Arrays of numbers, with what is learnt for it taken from training rows.

    A missing number becomes the median of its column; a text column becomes
    indicators, one a category, where missing is a category and so are all
    values beyond the 100 commonest together.

    Parameters
    ----------
    table : Table
        The rows.
    is_test : ndarray of bool of shape (n_rows,)
        Test rows.
    path : path-like
        The file, for messages.

    Returns
    -------
    X : ndarray of shape (n_rows, n_features), float64
        Finite numbers.
    names : list of str
        Names of its columns.
    notes : list of str
        What was done, in sentences.
    """
    X, filled = _fill_missing(table, is_test, path)
    notes = [*table.notes, *filled]
    names = list(table.numeric_names)
    if table.categories is None or table.categories.shape[1] == 0:
        return X, names, notes
    encoder = OneHotEncoder(
        max_categories=MAX_CATEGORIES,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
    ).set_output(transform="default")
    encoder.fit(table.categories[~is_test])
    # A category that only test rows have is all zeros, and needs no warning.
    indicators = _transform_quietly(encoder, table.categories)
    names += list(encoder.get_feature_names_out(list(table.category_names)))
    notes.append(
        f"{len(table.category_names)} text columns became {indicators.shape[1]} "
        "indicators."
    )
    return np.hstack([X, indicators]), names, notes


def _transform_quietly(encoder, categories):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        return encoder.transform(categories)


def _fill_missing(table, is_test, path):
    X = np.asarray(table.numeric, dtype=np.float64)
    infinite = np.isinf(X).any(axis=0)
    if infinite.any():
        raise DatasetError(
            f"{path}: column {table.numeric_names[int(infinite.argmax())]!r} holds "
            "an infinite value. Replace it, or leave the column out."
        )
    missing = np.isnan(X)
    if not missing.any():
        return X, []
    filler = SimpleImputer(strategy="median", keep_empty_features=True)
    filler.fit(X[~is_test])
    note = (
        f"{int(missing.sum())} missing numbers in {int(missing.any(axis=0).sum())} "
        "columns were replaced by the median of the training rows."
    )
    return filler.transform(X), [note]
