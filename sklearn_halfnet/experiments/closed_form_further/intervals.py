"""Intervals of ELM beside those that MAPIE makes by five fits of the same model."""

import time
from functools import partial

import numpy as np
from scipy.stats import spearmanr
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from sklearn_halfnet import ELMRegressor
from sklearn_halfnet.experiments._common.experiment import Table
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.report import markdown_table, results_by
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments._common.table_sets import load_split, source
from sklearn_halfnet.experiments.closed_form_further._mapie import (
    COVERAGE,
    cross_conformal,
)
from sklearn_halfnet.models.left_out import METHODS

__all__ = ["TABLE", "measured"]

SETS = ("diabetes", "concrete", "kin8nm", "california")
ROWS = 2000
TEST_ROWS = 1000
UNITS = 200
SPLITS_A_ROUND = 20
RIVAL = "MAPIE, CV+ of 5 folds"


def _jobs(run):
    return [
        Job(
            key={"table": 1, "data": data, "round": number},
            label=f"intervals, {data}, round {number + 1}",
            run=partial(_measure, run, data, number),
            settings={"quick": run.quick, "data": source(run.data_home)},
        )
        for number in range(run.rounds)
        for data in SETS
    ]


def _measure(run, data, number):
    """Mean figures of each method over the splits of a round."""
    X, y = _rows(data, run.data_home)
    n_splits = 2 if run.quick else SPLITS_A_ROUND
    splits = [
        measured(X, y, number * n_splits + split, 20 if run.quick else UNITS)
        for split in range(n_splits)
    ]
    return {
        name: {
            figure: float(np.mean([split[name][figure] for split in splits]))
            for figure in splits[0][name]
        }
        | {"splits": n_splits}
        for name in splits[0]
    }


def _rows(data, data_home):
    if data == "diabetes":
        return load_diabetes(return_X_y=True)
    whole = load_split(data, data_home, 0, rows=10**9)
    return (
        np.concatenate([whole.X_train, whole.X_test]),
        np.concatenate([whole.y_train, whole.y_test]),
    )


def measured(X, y, seed, n_units):
    """Measure coverage, width and seconds of all methods on one random split.

    Returns
    -------
    figures : dict of str to dict
        ``coverage`` and ``width`` in per cent, the latter of four deviations of y;
        ``follows``, Spearman's correlation of width and absolute error; ``fit`` and
        ``predict``, seconds.
    """
    test_size = max(0.3, 1 - ROWS / len(y))
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=test_size, random_state=seed
    )
    X_test, y_test = X_test[:TEST_ROWS], y_test[:TEST_ROWS]
    model = ELMRegressor(n_units, random_state=seed)
    _, seconds = timed(lambda: model.fit(X, y))
    error, found = np.abs(y_test - model.predict(X_test)), {}
    for method in METHODS:
        for normalized in (False, True):
            begun = time.perf_counter()
            ends = model.predict_interval(X_test, COVERAGE, method, normalized)
            took = {"fit": seconds, "predict": time.perf_counter() - begun}
            name = method + ", normalized" * normalized
            found[name] = _figures(ends, y_test, error, y.std()) | took
    rival = cross_conformal("regression", ELMRegressor(n_units, random_state=seed))
    _, seconds = timed(lambda: rival.fit_conformalize(X, y))
    (_, ends), took = timed(lambda: rival.predict_interval(X_test))
    took = {"fit": seconds, "predict": took}
    found[RIVAL] = _figures(ends[:, :, 0], y_test, error, y.std()) | took
    return found


def _figures(ends, y, error, unit):
    low, high = ends.T
    width = high - low
    follows = spearmanr(width, error).statistic if np.ptp(width) else 0.0
    return {
        "coverage": 100 * np.mean((low <= y) & (y <= high)),
        "width": 100 * np.mean(width) / (4 * unit),
        "follows": float(follows),
    }


def _text(records):
    header = ["data", "intervals", "splits", "coverage, %", "width", "width to MAPIE's"]
    header += ["follows errors", "fit s", "predict s"]
    rows = []
    for data, results in results_by("data", records).items():
        rival = np.mean([each[RIVAL]["width"] for each in results])
        for name in results[0]:
            mean = {
                figure: np.mean([each[name][figure] for each in results])
                for figure in results[0][name]
            }
            rows.append(
                [
                    data,
                    name,
                    str(sum(each[name]["splits"] for each in results)),
                    f"{mean['coverage']:.1f}",
                    f"{mean['width']:.1f}",
                    f"{mean['width'] / rival:.3f}",
                    f"{mean['follows']:.2f}",
                    f"{mean['fit']:.3f}",
                    f"{mean['predict']:.3f}",
                ]
            )
    return f"{_HEAD}\n\n{markdown_table(header, rows)}"


_HEAD = f"""ELM of {UNITS} units, coverage asked for {100 * COVERAGE:.0f} %,
{ROWS:,} rows at most to fit and {TEST_ROWS:,} to test, random splits. Width in per
cent of four standard deviations of y; "follows errors" is Spearman's correlation of
width and absolute error. The first intervals pay for what the next ones share.
Bars: coverage 90 ± 1 %, width at most MAPIE's, extra fit time at most 5 % (nothing
is computed in fit), correlation above .2 on california. By default intervals are
jackknife+, normalized."""

TABLE = Table("Intervals beside MAPIE's", _jobs, _text)
