"""``halfnet reproduce losses``: quantiles and counts, beside scikit-learn's models.

All have default parameters, but for the loss; the penalty that PoissonRegressor has is
strong, so it is fitted without one, too. Table 1 takes splits of the tables of
``halfnet bench --suite tables``: 4,000 rows at most to train on, and to test on.
"""

from functools import partial

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_pinball_loss, mean_poisson_deviance

from sklearn_halfnet import HalfLayerRegressor, HalfNetRegressor
from sklearn_halfnet.experiments._common.experiment import Experiment, Table
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.report import (
    environment_text,
    markdown_table,
    mean,
    mean_text,
    results_by,
)
from sklearn_halfnet.experiments._common.rivals import scaled, seeded
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments._common.table_sets import (
    QUICK_ROWS,
    ROWS,
    check_sets,
    load_split,
    source,
)
from sklearn_halfnet.experiments.losses._data import (
    QUANTILE_SETS,
    RATES,
    count_split,
)

__all__ = ["EXPERIMENT", "measured_quantiles", "report_text"]

LEVELS = (0.1, 0.5, 0.9)

# Of a quick run, to see that it works.
_SHORT = {"max_iter": 2}


class _EachQuantile:
    """A model that is fitted once for each level.

    Parameters
    ----------
    make : callable
        From options and a seed to an estimator.
    """

    def __init__(self, make, seed, **options):
        self.models = [make(quantile=level, **options)(seed) for level in LEVELS]

    def fit(self, X, y):
        """Fit all."""
        for model in self.models:
            model.fit(X, y)
        return self

    def predict(self, X):
        """Predict all levels, (n_rows, n_levels)."""
        return np.column_stack([model.predict(X) for model in self.models])


_PINBALL = {"loss": "quantile"}
_BOOSTING = partial(seeded, HistGradientBoostingRegressor)
_HALFNET, _HALF_LAYER = (
    partial(seeded, kind) for kind in (HalfNetRegressor, HalfLayerRegressor)
)
_OURS = "HalfNet", "half layer"


def _together(make):
    return lambda seed, **options: make(quantile=LEVELS, **options)(seed)


def _apart(make):
    return partial(_EachQuantile, make)


QUANTILE_MODELS = {
    "HalfNet, three at once": _together(_HALFNET),
    "half layer, three at once": _together(_HALF_LAYER),
    "HistGradientBoosting, one by one": _apart(_BOOSTING),
}


def _poisson_regression(seed, **options):
    return scaled(PoissonRegressor(**options))


COUNT_MODELS = {
    "HalfNet": lambda seed, **options: _HALFNET(**options)(seed),
    "half layer": lambda seed, **options: _HALF_LAYER(**options)(seed),
    "HistGradientBoosting": lambda seed, **options: _BOOSTING(**options)(seed),
    "PoissonRegressor": _poisson_regression,
    "PoissonRegressor, alpha=0": partial(_poisson_regression, alpha=0),
}


def _options(model, run):
    """Options of a model beside its quantiles."""
    return _SHORT if run.quick and model.startswith(_OURS) else {}


def _measure_quantiles(run, data, model, number):
    split = load_split(data, run.data_home, number, _rows(run))
    options = _PINBALL | _options(model, run)
    estimator = QUANTILE_MODELS[model](number, **options)
    rows = split.X_train, split.y_train, split.X_test, split.y_test
    return measured_quantiles(estimator, *rows)


def measured_quantiles(estimator, X_train, y_train, X_test, y_test):
    """Fit a model of all levels, and measure its pinball losses in per cent of y."""
    _, seconds = timed(lambda: estimator.fit(X_train, y_train))
    predicted, unit = estimator.predict(X_test), y_train.std()
    result = {"fit_seconds": seconds}
    for level, each in zip(LEVELS, predicted.T, strict=True):
        loss = mean_pinball_loss(y_test, each, alpha=level)
        result[f"pinball {level}"] = 100 * loss / unit
        result[f"below {level}"] = 100 * np.mean(y_test <= each)
    result["crossed"] = 100 * np.mean((np.diff(predicted) < 0).any(axis=1))
    return result


def _measure_counts(run, data, model, number):
    split, rates = count_split(data, number, _rows(run))
    options = _options(model, run)
    if not model.startswith("PoissonRegressor"):
        options = {"loss": "poisson"} | options
    estimator = COUNT_MODELS[model](number, **options)
    _, seconds = timed(lambda: estimator.fit(split.X_train, split.y_train))
    deviance = mean_poisson_deviance(split.y_test, estimator.predict(split.X_test))
    least = mean_poisson_deviance(split.y_test, rates)
    return {"fit_seconds": seconds, "deviance": deviance, "excess": deviance - least}


def _rows(run):
    return QUICK_ROWS if run.quick else ROWS


def _quantiles_text(results):
    header = ["model", "splits", *(f"loss at {level}" for level in LEVELS)]
    header += [*(f"below {level}, %" for level in LEVELS), "crossed, %", "fit s"]
    return markdown_table(
        header,
        [
            [
                model,
                str(len(each)),
                *(mean_text(each, f"pinball {level}") for level in LEVELS),
                *(f"{mean(each, f'below {level}'):.1f}" for level in LEVELS),
                f"{mean(each, 'crossed'):.1f}",
                f"{mean(each, 'fit_seconds'):.1f}",
            ]
            for model, each in results.items()
        ],
    )


def _counts_text(results):
    return markdown_table(
        ["model", "splits", "deviance", "above that of the true rate", "fit s"],
        [
            [
                model,
                str(len(each)),
                mean_text(each, "deviance", 4),
                mean_text(each, "excess", 4),
                f"{mean(each, 'fit_seconds'):.1f}",
            ]
            for model, each in results.items()
        ],
    )


# What is fitted: data, models, and what measures one on a split.
TABLES = {
    1: Table(
        "Pinball loss in hundredths of the deviation of y",
        lambda: (QUANTILE_SETS, QUANTILE_MODELS, _measure_quantiles),
        _quantiles_text,
    ),
    2: Table(
        "Mean Poisson deviance of counts with a known rate",
        lambda: (RATES, COUNT_MODELS, _measure_counts),
        _counts_text,
    ),
}


def _jobs(run):
    if 1 in run.tables:
        check_sets(QUANTILE_SETS, run.data_home)
    return [
        Job(
            key={"table": number, "data": data, "model": model, "split": split},
            label=f"{data}, split {split}, {model}",
            run=partial(measure, run, data, model, split),
            settings={"quick": run.quick, "data": source(run.data_home)},
        )
        for split in range(run.rounds)
        for number in run.tables
        for sets, models, measure in [TABLES[number].fits()]
        for data in sets
        for model in models
    ]


def report_text(records):
    """Write means and standard deviations over the splits as Markdown."""
    lines = ["# Losses of regressors", "", "Mean ± sd over the splits' test rows.", ""]
    for number, table in TABLES.items():
        found = [each for each in records if each["key"]["table"] == number]
        if not found:
            continue
        lines += [f"## Table {number}. {table.title}", ""]
        for data in dict.fromkeys(each["key"]["data"] for each in found):
            of_data = [each for each in found if each["key"]["data"] == data]
            text = table.text(results_by("model", of_data))
            lines += [f"### {data}", "", text, ""]
    lines += ["## Environment", "", environment_text(records)]
    return "\n".join(lines) + "\n"


EXPERIMENT = Experiment("losses", _jobs, report_text, tables=TABLES, whole=True)
