"""Data sets that more than one experiment reads."""

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from sklearn_halfnet.datasets import load_dataset

__all__ = [
    "QUICK_TABLES",
    "TABLES",
    "channels_first",
    "first_rows",
    "load_images",
    "load_table",
]

# Tabular set -> (task, file below the data folder).
TABLES = {
    "letter": ("classification", "tabular/classification/letter.npz"),
    "magic": ("classification", "tabular/classification/magic.npz"),
    "optdigits": ("classification", "tabular/classification/optdigits.npz"),
    "phoneme": ("classification", "tabular/classification/phoneme.npz"),
    "vowel": ("classification", "tabular/classification/vowel.npz"),
    "california_housing": (
        "regression",
        "tabular/regression/california_housing.npz",
    ),
    "concrete": ("regression", "tabular/uci-regression/concrete.npz"),
    "energy": ("regression", "tabular/uci-regression/energy.npz"),
    "kin8nm": ("regression", "tabular/uci-regression/kin8nm.npz"),
    "power-plant": ("regression", "tabular/uci-regression/power-plant.npz"),
}
QUICK_TABLES = ("vowel", "energy")


def load_table(data_home, name, seed=0):
    """Load a set of ``TABLES``; the seed decides on the rows for testing."""
    task, file = TABLES[name]
    return load_dataset(Path(data_home) / file, task=task, random_state=seed)


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
    height, width, *channels = data.image_shape
    shape = height, width, *(channels or [1])
    images = {
        f"X_{part}": np.ascontiguousarray(
            data[f"X_{part}"].reshape(-1, *shape).transpose(0, 3, 1, 2)
        )
        for part in ("train", "test")
    }
    return Bunch(**images, y_train=data.y_train, y_test=data.y_test)
