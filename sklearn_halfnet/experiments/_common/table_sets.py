"""The fifteen tables, and how their rows are split.

Split ``s`` of a set that brings rows to test on, ``test_index``, has row ``s`` of it.
Of other sets three tenths are for testing, drawn with random state ``s`` and stratified
if there are classes. Where more than 4,000 rows are left, one ``RandomState(s)`` draws
first 4,000 training rows and then 4,000 test rows.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.model_selection import train_test_split

from sklearn_halfnet.exceptions import CommandError, DatasetError

__all__ = [
    "QUICK_ROWS",
    "QUICK_SETS",
    "ROWS",
    "SETS",
    "Split",
    "TableSet",
    "check_sets",
    "encoded",
    "load_split",
    "source",
]

ROWS = 4_000
QUICK_ROWS = 300
QUICK_SETS = ("vowel", "concrete")
TEST_SHARE = 0.3


@dataclass(frozen=True)
class TableSet:
    """Where a set is.

    Attributes
    ----------
    task : {"classification", "regression"}
    file : str
        Below the data folder, or its folder ``tabular``.
    openml : int or None
        Number of the data set at OpenML; None: it is not there.
    target : str or None
        Column to predict, if OpenML names none, or several.
    """

    task: str
    file: str
    openml: int | None = None
    target: str | None = None


@dataclass(frozen=True, eq=False)
class Split:
    """Rows to fit on and rows to test on.

    Attributes
    ----------
    task : {"classification", "regression"}
    X_train, X_test : ndarray of shape (n_rows, n_features)
    y_train, y_test : ndarray of shape (n_rows,)
        Classes are numbers from 0 on, those without a training row are -1.
    """

    task: str
    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def _classes(name, openml=None):
    return TableSet("classification", f"classification/{name}.npz", openml)


def _numbers(folder, name, openml=None, target=None):
    return TableSet("regression", f"{folder}/{name}.npz", openml, target)


# OpenML's rows are those of the files up to their order, but for vowel (a column less)
# and spambase (four rows more); sleep and power-plant are not there in this form.
SETS = {
    "letter": _classes("letter", 6),
    "magic": _classes("magic", 1120),
    "optdigits": _classes("optdigits", 28),
    "phoneme": _classes("phoneme", 1489),
    "vowel": _classes("vowel", 307),
    "california": _numbers("regression", "california_housing", 44977),
    "concrete": _numbers("uci-regression", "concrete", 44959),
    "energy": _numbers("uci-regression", "energy", 44960),
    "kin8nm": _numbers("uci-regression", "kin8nm", 44980),
    "power-plant": _numbers("uci-regression", "power-plant"),
    "house_16H": _numbers("regression", "house_16H", 574),
    "wine-quality-red": _numbers("uci-regression", "wine-quality-red", 44972),
    "sleep": _classes("sleep"),
    "krkopt": _classes("krkopt", 184),
    "spambase": _classes("spambase", 44),
}


def source(data_home):
    """Name where rows come from: scores on other rows are other scores."""
    return "OpenML" if data_home is None else "files"


def check_sets(names, data_home):
    """Make sure, before anything runs, that all sets are where they should be.

    Raises
    ------
    CommandError
        If a set is unknown, or is neither in the folder nor at OpenML.
    """
    unknown = sorted(set(names) - set(SETS))
    if unknown:
        raise CommandError(
            f"unknown set {', '.join(unknown)}; known: {', '.join(SETS)}."
        )
    for name in names:
        if data_home is not None:
            _find(name, data_home)
        elif SETS[name].openml is None:
            raise CommandError(
                f"{name} is not at OpenML: leave it out by --sets, or give a folder "
                f"that holds {SETS[name].file} by --data-home."
            )


def load_split(name, data_home, number, rows=ROWS):
    """Load one split of a set.

    Parameters
    ----------
    name : str
        Of ``SETS``.
    data_home : path-like or None
        Folder with the files; None: OpenML.
    number : int
        Which split, from 0 on.
    rows : int, default=ROWS
        At most so many to fit on, and to test on.

    Returns
    -------
    Split
    """
    task = SETS[name].task
    X, y, test_index = _load(name, None if data_home is None else str(data_home))
    train, test = _rows(task, y, test_index, number, rows)
    y_train, y_test = y[train], y[test]
    if task == "classification":
        y_train, y_test = encoded(y_train, y_test)
    return Split(task, X[train], y_train, X[test], y_test)


def encoded(y_train, y_test):
    """Give classes of the training rows numbers from 0 on; others become -1.

    Examples
    --------
    >>> encoded(["b", "d", "b"], ["d", "c", "b"])
    (array([0, 1, 0]), array([ 1, -1,  0]))
    """
    classes, numbers = np.unique(y_train, return_inverse=True)
    places = np.searchsorted(classes, y_test).clip(max=len(classes) - 1)
    return numbers, np.where(classes[places] == np.asarray(y_test), places, -1)


def _rows(task, y, test_index, number, rows):
    train, test = _whole_split(task, y, test_index, number)
    rng = np.random.RandomState(number)
    return _some(train, rows, rng), _some(test, rows, rng)


def _whole_split(task, y, test_index, number):
    everything = np.arange(len(y))
    if test_index is None:
        classes = y if task == "classification" else None
        return train_test_split(
            everything, test_size=TEST_SHARE, random_state=number, stratify=classes
        )
    if number >= len(test_index):
        raise CommandError(f"there are {len(test_index)} splits of some sets.")
    test = test_index[number]
    return np.setdiff1d(everything, test), test


def _some(numbers, rows, rng):
    if len(numbers) <= rows:
        return numbers
    return rng.choice(numbers, rows, replace=False)


# The jobs go from set to set.
@lru_cache(maxsize=1)
def _load(name, data_home):
    """X as float64, y, and the rows to test on, or None."""
    if data_home is None:
        return *_from_openml(name), None
    with np.load(_find(name, data_home)) as arrays:
        X, y = arrays["X"].astype(float), arrays["y"]
        test_index = arrays["test_index"] if "test_index" in arrays else None
    return X, y.astype(float) if SETS[name].task == "regression" else y, test_index


def _find(name, data_home):
    file = SETS[name].file
    for path in (Path(data_home) / "tabular" / file, Path(data_home) / file):
        if path.is_file():
            return path
    raise CommandError(
        f"{file} is neither in {data_home} nor in its folder tabular. Leave {name} "
        "out by --sets, or give another folder by --data-home."
    )


def _from_openml(name):
    number = SETS[name].openml
    try:
        # This parser makes numbers of categories.
        found = fetch_openml(data_id=number, as_frame=False, parser="liac-arff")
    except Exception as error:  # of the network, the cache, the parser
        raise DatasetError(
            f"{name} (number {number}) could not be fetched from OpenML: {error}. "
            "Check the network and try again, or give the folder that holds its file "
            "by --data-home."
        ) from error
    X = np.asarray(found.data, dtype=float)
    if not np.isfinite(X).all():
        raise DatasetError(f"{name} (number {number} at OpenML) has missing values.")
    if SETS[name].task == "regression":
        return X, np.asarray(found.target, dtype=float)
    return X, np.asarray(found.target)
