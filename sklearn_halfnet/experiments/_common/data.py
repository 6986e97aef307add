"""Data sets that more than one experiment reads."""

import numpy as np
from sklearn.utils import Bunch

from sklearn_halfnet.datasets import load_dataset

__all__ = ["channels_first", "first_rows", "load_images"]


def load_images(run, name, **quick_rows):
    """Load a set of images; in a quick run the first rows only."""
    data = load_dataset(name, run.data_home)
    return first_rows(data, **quick_rows) if run.quick else data


def first_rows(data, **n_rows):
    """Keep the first rows of the parts that are named: ``train`` or ``test``."""
    for part, n in n_rows.items():
        for array in (f"X_{part}", f"y_{part}"):
            data[array] = data[array][:n]
    return data


def channels_first(data):
    """Make arrays (n_images, n_channels, height, width) of images' rows."""
    images = {
        f"X_{part}": np.ascontiguousarray(
            data[f"X_{part}"].reshape(-1, *data.image_shape).transpose(0, 3, 1, 2)
        )
        for part in ("train", "test")
    }
    return Bunch(**images, y_train=data.y_train, y_test=data.y_test)
