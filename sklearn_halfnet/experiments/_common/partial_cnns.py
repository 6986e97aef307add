"""What is measured of partly trained networks, small ones and those of a paper's size.

References
----------
A. Rosenfeld and J. K. Tsotsos (2018), "Intriguing Properties of Randomly Weighted
Networks: Generalizing While Learning Next to Nothing", arXiv 1802.00844.
"""

import numpy as np
from sklearn.base import clone
from sklearn.utils import Bunch

from sklearn_halfnet.experiments._common.report import markdown_table
from sklearn_halfnet.inspection.magnitudes import weight_magnitudes

__all__ = [
    "COUNTS",
    "FEW",
    "HALVES",
    "LOW_RATE",
    "MAGNITUDES",
    "NORMS_FIXED",
    "SLICES",
    "TASKS",
    "magnitudes",
    "magnitudes_series",
    "magnitudes_text",
    "of_tasks",
    "tasks_of_halves",
]

NORMS_FIXED = ", batch norms fixed"
# Of a kernel of 3 x 3 a row is a third: so much of filters and channels beside it.
SLICES = {
    "kernel rows 1/3": {"trainable": "kernel_rows", "fraction": 1 / 3},
    "kernel columns 1/3": {"trainable": "kernel_columns", "fraction": 1 / 3},
    "fraction 1/3": {"fraction": 1 / 3},
    "input channels 1/3": {"trainable": "input_channels", "fraction": 1 / 3},
}
COUNTS = {"5 filters": {"n_filters": 5}, "10 filters": {"n_filters": 10}}
FEW = {f"fraction .0{percent}": {"fraction": percent / 100} for percent in (7, 8, 9)}
# Networks without batch norms need it.
LOW_RATE = {"learning_rate_init": 0.01}
MAGNITUDES = {
    "fraction .1": {"fraction": 0.1},
    "fraction .4": {"fraction": 0.4},
    "fraction 1": {"trainable": "all"},
}

HALVES = "halves of CIFAR-10"
# Two networks, one a task; those of the first two differ in what is fixed alone.
TASKS = {
    "one backbone": {"fraction": 0.1, "backbone_seed": 0},
    "a backbone each": {"fraction": 0.1},
    "all learned": {"trainable": "all"},
}


# -- several tasks ---------------------------------------------------------------------


def tasks_of_halves(data):
    """Make two tasks of a set of ten classes: the first five, and the others."""
    return [_of_classes(data, range(5)), _of_classes(data, range(5, 10))]


def _of_classes(data, classes):
    task = Bunch()
    for part in ("train", "test"):
        rows = np.isin(data[f"y_{part}"], classes)
        for array in (f"X_{part}", f"y_{part}"):
            task[array] = data[array][rows]
    return task


def of_tasks(model, tasks, seed, fit):
    """Fit a network a task, and return the numbers of a row.

    Parameters
    ----------
    model : PartialCNNClassifier
        Its ``backbone_seed`` counts from ``seed``, if it is not None.
    tasks : list of Bunch
    seed : int
    fit : callable
        Takes model and task; returns the fitted model and a dict of numbers, or None if
        there is no time.
    """
    models, results = [], []
    for number, task in enumerate(tasks):
        own = clone(model).set_params(random_state=seed * len(tasks) + number)
        if model.backbone_seed is not None:
            own.set_params(backbone_seed=model.backbone_seed + seed)
        found = fit(own, task)
        if found is None:
            return None
        models.append(found[0])
        results.append(found[1])
    drawn = {
        id(array): array.size
        for each in models
        for array in each.model_.constants.arrays.values()
    }
    sums = {
        name: sum(result[name] for result in results)
        for name in ("n_learned", "n_stored_bytes", "fit_seconds")
    }
    tests = [result["test"] for result in results]
    return {
        "test": float(np.mean(tests)),
        "tests": tests,
        "n_drawn": sum(drawn.values()),
        **sums,
    }


# -- magnitudes ------------------------------------------------------------------------


def magnitudes(model):
    """Mean magnitudes of a fitted network's layers as JSON values."""
    found = weight_magnitudes(model)
    return {
        "layers": found["layer"].tolist(),
        "learned": _numbers(found["learned_mean"]),
        "fixed": _numbers(found["fixed_mean"]),
    }


def _numbers(values):
    """Write nan, of layers that have nothing fixed, as JSON can."""
    return [None if np.isnan(value) else float(value) for value in values]


def magnitudes_series(results):
    """Mean magnitudes a layer over seeds, fixed and learned, where there are both.

    Parameters
    ----------
    results : dict of str to list of dict
        With ``magnitudes``.

    Returns
    -------
    series : dict of str to tuple of ndarray
    """
    series = {}
    for model, found in results.items():
        fixed, learned = (_mean_magnitudes(found, n) for n in ("fixed", "learned"))
        both = ~np.isnan(fixed)
        if both.any():
            series[model] = fixed[both], learned[both]
    return series


def _mean_magnitudes(found, part):
    """Mean over seeds, a number a layer; nan where there is nothing."""
    return np.mean([np.array(r["magnitudes"][part], float) for r in found], axis=0)


def magnitudes_text(results):
    """Lines through the layers, and each layer of every network."""
    rows = []
    for model, (fixed, learned) in magnitudes_series(results).items():
        ratios = learned / fixed
        slope, intercept = np.polyfit(fixed, learned, 1)
        rows.append(
            [
                model,
                str(len(ratios)),
                f"{np.median(ratios):.2f}",
                f"{ratios.min():.2f} to {ratios.max():.2f}",
                f"{intercept:.4f} + {slope:.2f} fixed",
            ]
        )
    header = ["learned", "layers", "median of learned / fixed", "range", "fitted line"]
    return "\n".join([markdown_table(header, rows), "", _by_layer(results)])


def _by_layer(results):
    columns = [(m, part) for m in results for part in ("learned", "fixed")]
    values = {(m, part): _mean_magnitudes(results[m], part) for m, part in columns}
    columns = [column for column in columns if not np.isnan(values[column]).all()]
    layers = next(iter(results.values()))[0]["magnitudes"]["layers"]
    rows = [
        [layer, *(f"{values[c][i]:.4f}".replace("nan", "") for c in columns)]
        for i, layer in enumerate(layers)
    ]
    header = ["mean \\|w\\|", *(f"{model}, {part}" for model, part in columns)]
    return markdown_table(header, rows)
