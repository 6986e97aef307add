"""``halfnet reproduce frames``: raw data frames into estimators at their defaults.

Adult (income above 50,000; eight columns of categories, three with missing values) and
diamonds (price; three columns of categories). Of Adult's files the test rows are those
of the set itself, of others and of diamonds three tenths of all. Training is on 10,000
rows drawn at random, and on all. Beside our estimators on the raw frame stand
HistGradientBoosting, which takes it as well, and HalfNet behind a ``ColumnTransformer``
of one-hot codes, medians and indicators. All parameters are defaults. Where a column of
numbers is mostly one value, models are also given it a second time, as categories.
"""

from functools import partial
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import fetch_openml
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import Bunch

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    RVFLClassifier,
    RVFLRegressor,
)
from sklearn_halfnet.exceptions import DatasetError
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.report import (
    environment_text,
    markdown_table,
    mean_text,
)
from sklearn_halfnet.experiments._common.runner import Job

__all__ = ["EXPERIMENT", "report_text"]

_ROWS, _QUICK_ROWS, _TEST_SHARE = (10_000, None), (500,), 0.3

_RIVAL = "HistGradientBoosting"
# By name: a classifier and a regressor.
_MODELS = {
    _RIVAL: (HistGradientBoostingClassifier, HistGradientBoostingRegressor),
    "ELM": (ELMClassifier, ELMRegressor),
    "RVFL": (RVFLClassifier, RVFLRegressor),
    "HalfLayer": (HalfLayerClassifier, HalfLayerRegressor),
    "HalfNet": (HalfNetClassifier, HalfNetRegressor),
    "ColumnTransformer, HalfNet": (HalfNetClassifier, HalfNetRegressor),
}
# Models that are also given some numbers a second time.
_TWICE = ", numbers as categories, too"
_MODELS |= {f"{name}{_TWICE}": _MODELS[name] for name in (_RIVAL, "ELM", "HalfNet")}


def _adult(data_home):
    if data_home is None:
        found = _from_openml("adult", 2)
        return *_split(found.data, np.asarray(found.target == ">50K")), True
    folder = "tabular/classification"
    parts = [_csv(data_home, f"{folder}/adult_{part}.csv.gz") for part in _PARTS]
    (X, y), (X_test, y_test) = (_without(part, "income") for part in parts)
    return X, X_test, y == ">50K", y_test == ">50K", True


def _diamonds(data_home):
    if data_home is None:
        found = _from_openml("diamonds", 1)
        return *_split(found.data, np.asarray(found.target, dtype=float)), False
    frame = _csv(data_home, "tabular/regression/diamonds.csv.gz")
    X, y = _without(frame, "price")
    return *_split(X, y.astype(float)), False


_PARTS = ("train", "test")
_DATA = {"adult": _adult, "diamonds": _diamonds}
_HAS_NUMBERS_TWICE = {"adult"}


def _csv(data_home, file):
    import pandas as pd

    path = Path(data_home) / file
    try:
        frame = pd.read_csv(path, na_values="?", skipinitialspace=True)
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read: {error}. Give the folder of the files by "
            "--data-home, or leave it out to take the data from OpenML."
        ) from error
    texts = frame.select_dtypes(exclude="number").columns
    return frame.astype(dict.fromkeys(texts, "category"))


def _from_openml(name, version):
    try:
        return fetch_openml(name, version=version, as_frame=True)
    except Exception as error:  # of the network, the cache, the parser
        raise DatasetError(
            f"{name} could not be fetched from OpenML: {error}. Check the network, or "
            "give the folder of its files by --data-home."
        ) from error


def _without(frame, target):
    return frame.drop(columns=target), np.asarray(frame[target])


def _split(X, y):
    return train_test_split(X, y, test_size=_TEST_SHARE, random_state=0)


def _load(run, name, n_rows, seed):
    X, X_test, y, y_test, classifies = _DATA[name](run.data_home)
    if n_rows is not None:
        rows = np.random.RandomState(seed).permutation(len(y))[:n_rows]
        X, y = X.iloc[rows], y[rows]
    return Bunch(X=X, y=y, X_test=X_test, y_test=y_test, classifies=classifies)


def _jobs(run):
    source = "OpenML" if run.data_home is None else "files"
    sizes = _QUICK_ROWS if run.quick else _ROWS
    for name, n_rows, seed, model in product(_DATA, sizes, range(run.rounds), _MODELS):
        if name not in _HAS_NUMBERS_TWICE and model.endswith(_TWICE):
            continue
        yield Job(
            key={"data": name, "rows": n_rows, "model": model, "seed": seed},
            label=f"{model} on {n_rows or 'all'} rows of {name}, {seed}",
            run=partial(_measure, run, name, n_rows, seed, model),
            settings={"source": source},
        )


def _measure(run, name, n_rows, seed, model):
    data = run.load(name, n_rows, seed)
    estimator = _MODELS[model][0 if data.classifies else 1](random_state=seed)
    if model.startswith("ColumnTransformer"):
        estimator = make_pipeline(_by_hand(), estimator)
    X, X_test = data.X, data.X_test
    if model.endswith(_TWICE):
        names = _mostly_one_value(X)
        X, X_test = (_with_categories(frame, names) for frame in (X, X_test))
    start = perf_counter()
    estimator.fit(X, data.y)
    seconds = perf_counter() - start
    return {"score": estimator.score(X_test, data.y_test), "seconds": seconds}


def _mostly_one_value(frame):
    """Name the columns of numbers whose quartiles are the same."""
    numbers = frame.select_dtypes("number")
    low, high = numbers.quantile([0.25, 0.75]).to_numpy()
    return numbers.columns[low == high]


def _with_categories(frame, names):
    """Return a frame with copies of some columns as categories."""
    return frame.assign(
        **{f"{name}, category": frame[name].astype("category") for name in names}
    )


def _by_hand():
    codes = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    numbers = SimpleImputer(strategy="median", add_indicator=True)
    return make_column_transformer(
        (codes, make_column_selector(dtype_exclude="number")),
        (numbers, make_column_selector(dtype_include="number")),
    )


def report_text(records):
    """Write scores and seconds as Markdown, each score beside the rival's."""
    parts = []
    for name, n_rows in dict.fromkeys(_place(record) for record in records):
        here = [r for r in records if _place(r) == (name, n_rows)]
        measure = "accuracy" if name == "adult" else "R2"
        models = dict.fromkeys(record["key"]["model"] for record in here)
        rows = [_row(model, _of(here, model), _of(here, _RIVAL)) for model in models]
        header = ["model", measure, f"less {_RIVAL}", "fit, s"]
        shown = "all" if n_rows is None else f"{n_rows:,}"
        parts.append(f"## {name}, {shown} rows\n\n{markdown_table(header, rows)}")
    tables = "\n\n".join(parts)
    return f"""\
# Raw data frames

Defaults, test rows; of several draws of training rows and random weights mean and sd.

{tables}

## Environment

{environment_text(records)}
"""


def _place(record):
    return record["key"]["data"], record["key"]["rows"]


def _of(records, model):
    return [r["result"] for r in records if r["key"]["model"] == model]


def _row(model, results, rivals):
    less = np.mean([r["score"] for r in results]) - np.mean(
        [r["score"] for r in rivals]
    )
    score, seconds = mean_text(results, "score", 4), mean_text(results, "seconds", 1)
    return [model, score, f"{less:+.4f}", seconds]


EXPERIMENT = Experiment("frames", _jobs, report_text, load=_load)
