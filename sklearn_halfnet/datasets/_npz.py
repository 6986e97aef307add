"""Read npz files: ``X``, ``y``, or ``X_train``, ``y_train``, ``X_test``, ``y_test``."""

import math
import zipfile

import numpy as np

from sklearn_halfnet._device import check_memory
from sklearn_halfnet.datasets._reading import LARGE, reading
from sklearn_halfnet.datasets._table import Table, joined
from sklearn_halfnet.exceptions import DatasetError

__all__ = ["check_numbers", "read_npz", "table_from_arrays"]

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
        If the file is missing, truncated, damaged, encrypted, larger than memory, or
        holds something else than plain arrays.
    """
    # Opened here, for numpy leaves a damaged file open that it opened itself.
    with reading(path, "Get the file again."), open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise DatasetError(f"{path} is no npz file, or truncated. Get it again.")
        _check_members(file, path)
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            return {_capital_x(name): archive[name] for name in archive.files}


def _check_members(file, path):
    """Compare what the headers promise with what is there, before any allocation."""
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        n_bytes = sum(member.file_size for member in members)
        check_memory(n_bytes, "Unpacking it", LARGE)
        for member in members:
            with archive.open(member) as array:
                _check_header(array, member, path)


def _check_header(array, member, path):
    version = np.lib.format.read_magic(array)
    read = np.lib.format.read_array_header_1_0
    if version > (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, _, dtype = read(array)
    if dtype.hasobject:
        raise DatasetError(
            f"{path} holds pickled objects in {member.filename}. Store plain arrays "
            "of numbers or strings."
        )
    promised, found = math.prod(shape) * dtype.itemsize, member.file_size - array.tell()
    if promised != found or min(shape, default=0) < 0:
        raise DatasetError(
            f"{path} is damaged: {member.filename} holds {found:,} bytes where its "
            f"header promises {promised:,}. Get the file again."
        )


def _capital_x(name):
    return "X" + name[1:] if name == "x" or name.startswith("x_") else name


def table_from_arrays(arrays, path, target=None):
    """Rows, target and split of the arrays of an npz file.

    Parameters
    ----------
    arrays : dict of ndarray
        ``X`` (n_rows, ...) and ``y`` (n_rows,), or the four of a split.
        Optional: ``test_index``, row numbers (n_test,) or a mask (n_rows,) of
        booleans, or several of them one below the other, of which the first is
        used; ``feature_names``; ``class_names``; ``image_shape``.
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
        If an array is missing, the lengths differ, X holds no numbers, or
        ``test_index`` does not tell rows apart.
    """
    if all(name in arrays for name in SPLIT_NAMES):
        X, y, n_train = _stack_split(arrays, path)
        is_test = np.arange(len(X)) >= n_train
    else:
        X, y = _X_and_y(arrays, path, target or "y")
        is_test = _is_test(arrays.get("test_index"), len(X), path)
    check_numbers(X, path)
    return Table(
        numeric=X.reshape(len(X), -1),
        numeric_names=_feature_names(arrays, X),
        y=y.astype(str) if y.dtype.kind == "S" else y,
        target_name=target or "y",
        is_test=is_test,
        image_shape=_image_shape(arrays, X, path),
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


def check_numbers(X, path):
    """Refuse anything but numbers and booleans."""
    if X.dtype.kind not in "biuf":
        raise DatasetError(
            f"{path} holds {X.dtype} values, not numbers. Store a table with "
            "text columns as .csv, where they become categories."
        )


def _is_test(test_index, n_rows, path):
    if test_index is None:
        return None
    if test_index.ndim not in (1, 2) or test_index.size == 0:
        raise DatasetError(f"{path}: test_index {test_index.shape} names no rows.")
    rows = np.atleast_2d(test_index)[0]
    if rows.dtype.kind == "b" and len(rows) == n_rows:
        return rows
    if rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= n_rows:
        raise DatasetError(
            f"{path}: test_index needs row numbers from 0 to {n_rows - 1}, or "
            f"{n_rows} booleans; it has {len(rows)} values of type {rows.dtype}, from "
            f"{rows.min()} to {rows.max()}."
        )
    if len(np.unique(rows)) < len(rows):
        raise DatasetError(
            f"{path}: test_index names a row twice. If it is a mask, store booleans."
        )
    return np.isin(np.arange(n_rows), rows)


def _feature_names(arrays, X):
    names = arrays.get("feature_names")
    n_features = int(np.prod(X.shape[1:]))
    if names is None or names.shape != (n_features,):
        return [f"x{j}" for j in range(n_features)]
    return [str(name) for name in names]


def _image_shape(arrays, X, path):
    """Shape of an image: stated, or of bytes with height and width (and colours)."""
    if "image_shape" in arrays:
        return _stated_shape(arrays["image_shape"], X, path)
    if X.dtype == np.uint8 and (X.ndim == 3 or (X.ndim == 4 and X.shape[3] in (1, 3))):
        return X.shape[1:]
    return None


def _stated_shape(sizes, X, path):
    shape = tuple(sizes.reshape(-1).tolist())
    if sizes.dtype.kind not in "iu" or math.prod(shape) != math.prod(X.shape[1:]):
        raise DatasetError(
            f"{path}: image_shape {shape} does not fit rows of {X.shape[1:]} values."
        )
    return shape
