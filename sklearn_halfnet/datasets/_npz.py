"""Read npz files: ``X``, ``y``, or ``X_train``, ``y_train``, ``X_test``, ``y_test``."""

import zipfile
import zlib

import numpy as np

from sklearn_halfnet.datasets._table import Table, joined
from sklearn_halfnet.exceptions import DatasetError

__all__ = ["read_npz", "table_from_arrays"]

SPLIT_NAMES = ("X_train", "y_train", "X_test", "y_test")


def read_npz(path):
    """All arrays of an npz file; no pickled object is ever loaded.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    dict of ndarray
        By name; ``x`` is taken for ``X`` as Keras's files have it.

    Raises
    ------
    DatasetError
        If the file is missing, truncated, damaged, or holds pickled objects.
    """
    try:
        # Opened here, for numpy leaves a damaged file open that it opened itself.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return {_capital_x(name): archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise DatasetError(f"{path} does not exist. Check the path.") from error
    except (ValueError, TypeError) as error:
        raise DatasetError(
            f"{path} holds pickled objects or is no npz file ({error}). Store "
            "plain arrays of numbers or strings."
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DatasetError(
            f"{path} is truncated or damaged ({error}). Get the file again."
        ) from error


def _capital_x(name):
    return "X" + name[1:] if name == "x" or name.startswith("x_") else name


def table_from_arrays(arrays, path, target=None):
    """Rows, target and split of the arrays of an npz file.

    Parameters
    ----------
    arrays : dict of ndarray
        ``X`` (n_rows, ...) and ``y`` (n_rows,), or the four of a split.
        Optional: ``test_index`` (n_test,) or (n_splits, n_test), of which the
        first row is used; ``feature_names``; ``class_names``; ``image_shape``.
    path : path-like
        The file, for messages.
    target : str, default=None
        Name of another array than ``y`` that holds the target.

    Returns
    -------
    Table
        The rows.

    Raises
    ------
    DatasetError
        If an array is missing or the lengths differ.
    """
    if all(name in arrays for name in SPLIT_NAMES):
        X, y, n_train = _stack_split(arrays, path)
        is_test = np.arange(len(X)) >= n_train
    else:
        X, y = _X_and_y(arrays, path, target or "y")
        is_test = _is_test(arrays.get("test_index"), len(X))
    _check_numbers(X, path)
    return Table(
        numeric=X.reshape(len(X), -1),
        numeric_names=_feature_names(arrays, X),
        y=y,
        target_name=target or "y",
        is_test=is_test,
        image_shape=_image_shape(arrays, X),
        class_names=arrays.get("class_names"),
    )


def _stack_split(arrays, path):
    X_train, y_train, X_test, y_test = (arrays[name] for name in SPLIT_NAMES)
    _check_lengths(X_train, y_train, path)
    _check_lengths(X_test, y_test, path)
    if X_train.shape[1:] != X_test.shape[1:]:
        raise DatasetError(
            f"{path}: X_train {X_train.shape} and X_test {X_test.shape} differ in "
            "shape beyond the number of rows."
        )
    X = np.concatenate([X_train, X_test])
    return X, np.concatenate([y_train, y_test]), len(X_train)


def _X_and_y(arrays, path, target):
    missing = [name for name in ("X", target) if name not in arrays]
    if missing:
        raise DatasetError(
            f"{path} has no array {joined(missing)}; it holds {joined(arrays)}. "
            f"Needed: X and y (or --target NAME), or {joined(SPLIT_NAMES)}."
        )
    X, y = arrays["X"], arrays[target]
    _check_lengths(X, y, path)
    return X, y


def _check_lengths(X, y, path):
    if X.ndim < 2 or y.ndim != 1 or len(X) != len(y) or len(X) == 0:
        raise DatasetError(
            f"{path}: X {X.shape} and y {y.shape} do not fit: X needs rows and "
            "columns, and y one value for each row."
        )


def _check_numbers(X, path):
    if X.dtype.kind not in "biuf":
        raise DatasetError(
            f"{path}: X holds {X.dtype} values, not numbers. Store a table with "
            "text columns as .csv, where they become categories."
        )


def _is_test(test_index, n_rows):
    if test_index is None:
        return None
    is_test = np.zeros(n_rows, dtype=bool)
    is_test[np.atleast_2d(test_index)[0].astype(np.intp)] = True
    return is_test


def _feature_names(arrays, X):
    names = arrays.get("feature_names")
    n_features = int(np.prod(X.shape[1:]))
    if names is None or len(names) != n_features:
        return [f"x{j}" for j in range(n_features)]
    return [str(name) for name in names]


def _image_shape(arrays, X):
    """Shape of an image: stated, or of bytes with height and width (and colours)."""
    if "image_shape" in arrays:
        return tuple(int(size) for size in arrays["image_shape"])
    if X.dtype == np.uint8 and (X.ndim == 3 or (X.ndim == 4 and X.shape[3] in (1, 3))):
        return X.shape[1:]
    return None
