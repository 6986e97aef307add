"""Image sets from OpenML, through scikit-learn's cache."""

from importlib.util import find_spec

import numpy as np
from sklearn import datasets

from sklearn_halfnet.exceptions import DatasetError

__all__ = ["fetch_images"]


def fetch_images(spec):
    """Pixels and labels of an image set, in the published order and split.

    Parameters
    ----------
    spec : ImageSet
        The image set.

    Returns
    -------
    dict
        ``X_train, y_train, X_test, y_test``: pixels as floats from 0 to 255,
        one flat row an image; labels as integers.

    Raises
    ------
    DatasetError
        Without a network (and without a cached copy), or if OpenML's rows are
        not the published ones.
    """
    X, y = _fetch(spec)
    n_rows = spec.n_train + spec.n_test
    if X.shape != (n_rows, spec.n_features) or len(y) != n_rows:
        raise DatasetError(
            f"{spec.openml} from OpenML has shape {X.shape}, expected "
            f"{(n_rows, spec.n_features)}. {_clear_cache()}"
        )
    y = np.asarray(y).astype(np.int64)
    parts = {"train": slice(0, spec.n_train), "test": slice(spec.n_train, n_rows)}
    for part, rows in parts.items():
        _check_order(spec, part, y[rows])
    X = _channels_last(X, spec)
    return {
        f"{name}_{part}": array[rows]
        for part, rows in parts.items()
        for name, array in (("X", X), ("y", y))
    }


def _fetch(spec):
    # The liac-arff parser needs minutes and gigabytes for these sets.
    parser = "pandas" if find_spec("pandas") else "liac-arff"
    try:
        return datasets.fetch_openml(
            spec.openml, version=1, as_frame=False, return_X_y=True, parser=parser
        )
    except Exception as error:  # of the network, the cache, the parser
        raise DatasetError(
            f"{spec.title} ({spec.openml}, version 1) could not be fetched from "
            f"OpenML: {error}. Check the network and try again, or give the "
            "folder that holds its files as data_home (--data-home)."
        ) from error


def _check_order(spec, part, labels):
    first = "".join(map(str, labels[:10]))
    if first != spec.first_labels[part]:
        raise DatasetError(
            f"{spec.openml} from OpenML is not in the published order: its {part} "
            f"part begins with the labels {first} instead of "
            f"{spec.first_labels[part]}, so its split is unknown. {_clear_cache()}"
        )


def _clear_cache():
    folder = datasets.get_data_home()
    return (
        f"Delete the folder openml in {folder} and try again, or give the folder "
        "that holds the original files as data_home (--data-home)."
    )


def _channels_last(X, spec):
    """CIFAR-10 and CIFAR-100 store all red, then all green, then all blue pixels."""
    if len(spec.image_shape) == 2:
        return X
    height, width, channels = spec.image_shape
    planes = np.asarray(X, dtype=np.uint8).reshape(-1, channels, height, width)
    return planes.transpose(0, 2, 3, 1).reshape(len(X), -1)
