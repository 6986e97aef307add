"""Find a data set by name or path and bring it into one shape."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import Bunch

from sklearn_halfnet.datasets._cifar import (
    decode_jpeg_parts,
    is_jpeg_archive,
    jpeg_title,
)
from sklearn_halfnet.datasets._csv import read_csv
from sklearn_halfnet.datasets._idx import find_idx_files, read_idx
from sklearn_halfnet.datasets._npz import (
    check_numbers,
    read_npz,
    table_from_arrays,
)
from sklearn_halfnet.datasets._openml import fetch_images
from sklearn_halfnet.datasets._reading import reading
from sklearn_halfnet.datasets._table import Table, encode, guess_task, split_rows
from sklearn_halfnet.datasets.images import IMAGES
from sklearn_halfnet.exceptions import DatasetError

__all__ = ["load_dataset"]

TASKS = ("classification", "regression")


def load_dataset(
    name_or_path,
    data_home=None,
    target=None,
    *,
    task=None,
    test_size=0.25,
    random_state=0,
):
    """Load a data set, split into a training and a test part.

    Parameters
    ----------
    name_or_path : str or path-like
        ``"digits"`` (scikit-learn's), ``"mnist"``, ``"fashion-mnist"``,
        ``"cifar10"``, ``"cifar100"`` (fine labels), or the path of a ``.csv``,
        ``.csv.gz`` or ``.npz`` file. A csv file needs a first line of column names; an
        npz file needs ``X`` and ``y``, or ``X_train``, ``y_train``, ``X_test`` and
        ``y_test``.
    data_home : path-like, default=None
        Folder with the files of the image sets, either directly or in a folder
        named as the set: the four original idx files (``.gz`` or not) for
        MNIST and Fashion-MNIST, an npz file for CIFAR-10 and CIFAR-100. Without it
        they come from OpenML and stay in scikit-learn's cache.
    target : str, default=None
        Column of a csv file to predict, by default the last; or array of an npz
        file, by default ``y``.
    task : {"classification", "regression"}, default=None
        By default told by the target: text and few integers are classes.
    test_size : float, default=0.25
        Fraction of rows to test on, where the data have no split of their own.
    random_state : int, default=0
        Seed of that split.

    Returns
    -------
    Bunch
        With the attributes:

        - ``X_train``, ``X_test``: ndarrays of shape (n_rows, n_features); images
          as float32 from 0 to 1, tables as float64;
        - ``y_train``, ``y_test``: ndarrays of shape (n_rows,);
        - ``task``: "classification" or "regression";
        - ``image_shape``: (height, width), (height, width, channels), or None;
        - ``name``, ``title``: short name, and one for people;
        - ``split``: "own" if the data bring their split, else "random";
        - ``feature_names``, ``target_name``, ``target_names`` (of classes; may
          be None);
        - ``notes``: list of sentences on what was done to the data.

    Raises
    ------
    DatasetError
        If a file is missing, truncated or altered, or there is no network; if a
        column holds numbers of which some are written so that they are none; if the
        target does not suit the task. The message names the file and says what to do.
    ValueError
        If the name or the task is unknown.

    Warns
    -----
    UserWarning
        If nearly every row has another text in a column.

    Examples
    --------
    >>> from sklearn_halfnet.datasets import load_dataset
    >>> digits = load_dataset("digits")
    >>> digits.X_train.shape, digits.image_shape, digits.task
    ((1347, 64), (8, 8), 'classification')
    """
    if task is not None and task not in TASKS:
        raise ValueError(f"task must be one of {TASKS} or None, got {task!r}.")
    name = str(name_or_path)
    if name == "digits":
        return _split(_digits(), name, "digits (scikit-learn)", test_size, random_state)
    if name in IMAGES:
        return _load_images(name, data_home)
    path = _find_file(name, data_home)
    table = _read_table(path, target)
    title = path.name
    return _split(table, path.name, title, test_size, random_state, task, path)


def _digits():
    digits = load_digits()
    return Table(
        numeric=digits.data / 16,
        numeric_names=list(digits.feature_names),
        y=digits.target,
        target_name="digit",
        image_shape=(8, 8),
        class_names=digits.target_names,
    )


def _find_file(name, data_home):
    path = Path(name).expanduser()
    if not path.name.endswith((".csv", ".csv.gz", ".npz")):
        raise ValueError(
            f"Unknown data set {name!r}: name one of digits, {', '.join(IMAGES)}, "
            "or a .csv, .csv.gz or .npz file."
        )
    if not path.is_file() and data_home is not None:
        path = Path(data_home).expanduser() / path
    if not path.is_file():
        raise DatasetError(f"{path} does not exist. Check the path.")
    return path


def _read_table(path, target):
    if path.suffix == ".npz":
        return table_from_arrays(read_npz(path), path, target)
    return read_csv(path, target)


def _split(table, name, title, test_size, random_state, task=None, path=None):
    """Bring a table to the Bunch that is promised."""
    task = task or guess_task(table.y)
    y = _check_target(table.y, task, table.target_name, path)
    is_test, split = table.is_test, "own"
    if len(y) < 2:
        raise DatasetError(f"{path}: one row cannot be split for training and testing.")
    if is_test is None:
        is_test, split = split_rows(y, task, test_size, random_state), "random"
    X, feature_names, notes = encode(table, is_test, path or name)
    _check_parts(y[~is_test], y[is_test], task, table.target_name, path)
    if table.image_shape is not None:
        X = X.astype(np.float32) / (255 if table.numeric.dtype == np.uint8 else 1)
    return Bunch(
        X_train=X[~is_test],
        y_train=y[~is_test],
        X_test=X[is_test],
        y_test=y[is_test],
        task=task,
        image_shape=table.image_shape,
        name=name,
        title=title,
        split=split,
        feature_names=feature_names,
        target_name=table.target_name,
        target_names=table.class_names,
        notes=notes,
    )


def _check_target(y, task, name, path):
    what = f"{path}: the target {name!r}"
    if y.dtype.kind not in "biufU":
        raise DatasetError(f"{what} holds {y.dtype} values, not numbers or text.")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        fault = "misses values" if np.isnan(y).any() else "holds an infinite value"
        raise DatasetError(f"{what} {fault}. Remove those rows.")
    if task == "classification":
        _check_whole(y, what)
        return y
    if y.dtype.kind == "U":
        raise DatasetError(f"{what} is text ({y[0]}), which regression cannot fit.")
    return y.astype(np.float64)


def _check_whole(y, what):
    fractions = y[y % 1 != 0] if y.dtype.kind == "f" else ()
    if len(fractions):
        raise DatasetError(
            f"{what} holds fractions ({fractions[0]:.6g}), which are no classes. Leave "
            "the task (--task) out to fit a regression."
        )


def _check_parts(y_train, y_test, task, name, path):
    if len(y_train) == 0 or len(y_test) == 0:
        raise DatasetError(
            f"{path} has no {'test' if len(y_train) else 'training'} rows."
        )
    if task == "classification" and len(np.unique(y_train)) < 2:
        raise DatasetError(
            f"{path}: the target {name!r} has one class only in the training rows, "
            f"{y_train[0]}. Two are needed, with a few rows each."
        )


def _load_images(name, data_home):
    """Load an image set known by name, from a folder or from OpenML."""
    spec = IMAGES[name]
    if data_home is None:
        title, parts = spec.title, fetch_images(spec)
    else:
        title, parts = _read_images(name, spec, Path(data_home).expanduser())
    return Bunch(
        X_train=_unit_pixels(parts["X_train"]),
        y_train=parts["y_train"],
        X_test=_unit_pixels(parts["X_test"]),
        y_test=parts["y_test"],
        task="classification",
        image_shape=spec.image_shape,
        name=name,
        title=title,
        split="own",
        feature_names=[f"pixel{j}" for j in range(spec.n_features)],
        target_name="class",
        target_names=list(spec.classes),
        notes=[],
    )


def _unit_pixels(X):
    return np.multiply(X, np.float32(1 / 255), dtype=np.float32)


def _read_images(name, spec, data_home):
    folders = [data_home / name, data_home]
    if spec.md5:
        paths = find_idx_files(spec, folders)
        if paths is not None:
            return spec.title, _read_idx_parts(spec, paths)
    for path in (
        folder / f"{stem}.npz" for folder in folders for stem in (f"{name}_jpeg", name)
    ):
        if path.is_file():
            return _read_npz_parts(spec, path)
    raise DatasetError(
        f"No files of {spec.title} in {folders[0]} or {data_home}: looked for "
        f"{'the four original idx .gz files' if spec.md5 else name + '_jpeg.npz'} "
        f"and {name}.npz (X_train, y_train, X_test, y_test). Put them there, or "
        f"leave data_home (--data-home) out to take {spec.title} from OpenML."
    )


def _read_idx_parts(spec, paths):
    parts = {}
    for (part, what), path in paths.items():
        array = read_idx(path, spec.md5[path.name.removesuffix(".gz")])
        parts[f"{what}_{part}"] = (
            array.reshape(len(array), -1) if what == "X" else array.astype(np.int64)
        )
    return parts


def _read_npz_parts(spec, path):
    arrays = read_npz(path)
    if is_jpeg_archive(arrays):
        with reading(path, "Get the file again."):
            return jpeg_title(spec), decode_jpeg_parts(arrays, path, spec)
    parts = {}
    for part, n_rows in (("train", spec.n_train), ("test", spec.n_test)):
        X, y = arrays.get(f"X_{part}"), arrays.get(f"y_{part}")
        shapes = (n_rows * spec.n_features, n_rows)
        if X is None or y is None or (X.size, y.size) != shapes:
            raise DatasetError(
                f"{path} does not hold {spec.title}: X_{part} with {n_rows:,} images "
                f"of {spec.image_shape} and y_{part} are needed. Get it again."
            )
        check_numbers(X, path)
        check_numbers(y, path)
        parts[f"X_{part}"] = X.reshape(n_rows, -1)
        parts[f"y_{part}"] = y.reshape(-1).astype(np.int64)
    return spec.title, parts
