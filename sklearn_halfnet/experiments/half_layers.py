"""``halfnet reproduce half-layers``: the tables and figures of the paper.

References
----------
E. Alpaydin (2025), "Half-Layered Neural Networks", arXiv 2506.04352: one hidden
layer (tables 1 and 2 here), the same behind convolutions (3 and 4), and the figures
of accuracy against the number of trainable parameters, of the four weight kinds, and
of learning curves.
"""

import time
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import ConvHalfLayerClassifier, HalfLayerClassifier
from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.experiments._epochs import (
    fit_all_epochs,
    learning_curve,
    percent_right,
)
from sklearn_halfnet.experiments._half_layers_published import TABLES
from sklearn_halfnet.experiments._half_layers_report import draw, report_text
from sklearn_halfnet.experiments._measures import choose_tables
from sklearn_halfnet.experiments._models import (
    count_parameters,
    stored_bytes,
    weight_kind,
)
from sklearn_halfnet.experiments._report import replace_file
from sklearn_halfnet.experiments._runner import Job, ResultFile, run_jobs

__all__ = ["KINDS", "MLP_RECIPE", "RECIPE", "make_model", "run"]

# Parameters of every half layer here. Pixels share one unit: centring is enough.
RECIPE = {
    "input_scaling": "center",
    "learning_rate": "one_cycle",
    "learning_rate_init": 1e-2,
    "batch_size": 256,
    "max_iter": 15,
    "init": "ridge",
}
# Of the softmax regression and the MLPs: scikit-learn's Adam, as many epochs.
MLP_RECIPE = {"batch_size": 256, "max_iter": 15}

# Of everything with convolutions; chosen on 10,000 held-out training rows.
CONV_RECIPE = {
    "input_scaling": "center",
    "learning_rate": "one_cycle",
    "learning_rate_init": 1e-2,
    "batch_size": 128,
    "max_iter": 8,
}
HEADS = {"clp": "linear", "cmlp": "full", "crnd": "half"}

KINDS = {"N": "normal", "B": "binary", "M": "mexican_hat", "T": "instances"}

PICTURED_UNITS = 8
CURVE_MODELS = ("mlp-32", "rnd-1024-N", "cmlp-40", "crnd-1024-N")
QUICK_MODELS = (
    *("lp", "mlp-32", "rnd-256-N", "rnd-256-B", "rnd-256-M", "rnd-256-T"),
    *("clp", "cmlp-40", "crnd-256-N", "crnd-256-B"),
)
QUICK_CURVE_MODELS = ("mlp-32", "rnd-256-N", "crnd-256-N")
QUICK_ROWS = {"train": 2_000, "test": 1_000}
QUICK_EPOCHS = 3


def run(table=None, data_home=None, seeds=5, out="halfnet-half-layers", quick=False):
    """Run the tables, then write the report and the figures.

    Parameters
    ----------
    table : {1, 2, 3, 4}, default=None
        Only this table; by default all.
    data_home : path-like, default=None
        Folder with the data sets' files; by default they come from OpenML.
    seeds : int, default=5
        Repetitions.
    out : path-like, default="halfnet-half-layers"
        Folder for ``results.jsonl``, ``report.md`` and the figures. Results
        that are already there are not computed again.
    quick : bool, default=False
        One seed of few models on few rows: to see that it works.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    DatasetError
        If the data cannot be had.
    CommandError
        If there is no such table.
    """
    tables = choose_tables(table, TABLES)
    out, seeds = Path(out), 1 if quick else seeds
    load = cache(lambda name: _load(name, data_home, quick))
    jobs = [job for number in tables for job in _table_jobs(number, seeds, quick, load)]
    results = ResultFile(out / "results.jsonl")
    records = run_jobs(jobs, "halfnet reproduce half-layers", results, _describe)
    report = out / "report.md"
    replace_file(report, report_text(tables, records, _recipes(quick), quick))
    print(f"Written: {report}")
    for path in draw(tables, records, _sample_kinds(load(TABLES[tables[0]].data)), out):
        print(f"Written: {path}")
    return report


def _load(name, data_home, quick):
    data = load_dataset(name, data_home)
    if quick:
        for part, n_rows in QUICK_ROWS.items():
            for array in (f"X_{part}", f"y_{part}"):
                data[array] = data[array][:n_rows]
    return data


def _table_jobs(number, seeds, quick, load):
    """Every model, seed by seed, then learning curves of seed 0."""
    table = TABLES[number]
    models = [m for m in table.published if not quick or m in QUICK_MODELS]
    curve_models = QUICK_CURVE_MODELS if quick else CURVE_MODELS
    jobs = [
        _job(number, model, seed, quick, load)
        for seed in range(seeds)
        for model in models
    ]
    jobs += [
        _job(number, model, 0, quick, load, curve=True)
        for model in curve_models
        if model in models
    ]
    return jobs


def _job(number, model, seed, quick, load, curve=False):
    recipe = _recipes(quick)[_family(model)]
    what = {"table": number, "model": model, "seed": seed}
    work = _curve if curve else _measure
    return Job(
        key=what | {"curve": True} if curve else what,
        label=f"table {number}, {model}, {'curves' if curve else f'seed {seed}'}",
        run=lambda: work(model, seed, recipe, load(TABLES[number].data)),
        settings={"recipe": recipe, "quick": quick},
        cost=_cost(model) * (2 if curve else 1),
    )


def _recipes(quick):
    shorter = {"max_iter": QUICK_EPOCHS} if quick else {}
    return {
        "half layers": RECIPE | shorter,
        "lp and mlp": MLP_RECIPE | shorter,
        "convolutional networks": CONV_RECIPE | shorter,
    }


def _family(model):
    """Which recipe a model of the paper follows."""
    if model.startswith("c"):
        return "convolutional networks"
    return "half layers" if model.startswith("rnd") else "lp and mlp"


def _cost(model):
    """Guess the seconds of a fit: they only share out the remaining time."""
    if model.startswith("c"):
        return 40.0
    return 2 + int(model.split("-")[1]) / 256 if model.startswith("rnd") else 3.0


def make_model(model, seed, recipe, image_shape):
    """Build the estimator of a row.

    Parameters
    ----------
    model : str
        Name in the paper: "lp", "mlp-H" or "rnd-H-K" with K one of N, B, M, T; after
        convolutions "clp", "cmlp-H" or "crnd-H-K".
    seed : int
        Random state.
    recipe : dict
        Parameters of training.
    image_shape : tuple of int
        Shape of an image.

    Returns
    -------
    estimator
        Unfitted.
    """
    name, *rest = model.split("-")
    if name in HEADS:
        return ConvHalfLayerClassifier(
            int(rest[0]) if rest else 1,
            weight_kind=KINDS[rest[1]] if rest[1:] else "normal",
            head=HEADS[name],
            image_shape=image_shape,
            random_state=seed,
            **recipe,
        )
    if name == "lp":  # an MLP without hidden layers is softmax regression
        return MLPClassifier((), random_state=seed, **recipe)
    if name == "mlp":
        return MLPClassifier((int(rest[0]),), random_state=seed, **recipe)
    return HalfLayerClassifier(
        int(rest[0]),
        weight_kind=weight_kind(KINDS[rest[1]], image_shape),
        random_state=seed,
        **recipe,
    )


def _measure(model, seed, recipe, data):
    estimator = make_model(model, seed, recipe, data.image_shape)
    begun = time.perf_counter()
    fit_all_epochs(estimator, data)
    fit_seconds = time.perf_counter() - begun
    return {
        "test": percent_right(estimator, data, "test"),
        "train": percent_right(estimator, data, "train"),
        "fit_seconds": fit_seconds,
        "n_trainable": count_parameters(estimator),
        "n_bytes": stored_bytes(estimator),
    }


def _curve(model, seed, recipe, data):
    return learning_curve(make_model(model, seed, recipe, data.image_shape), data)


def _describe(result):
    if "fit_seconds" in result:
        return f"{result['test']:.2f} % in {result['fit_seconds']:.1f} s"
    return f"{result['test'][-1]:.2f} % after {len(result['test'])} epochs"


def _sample_kinds(data):
    """Sample a few units of each kind as a half layer would see them."""
    rng = np.random.default_rng(0)
    X = data.X_train[:2000] - data.X_train[:2000].mean(axis=0)
    return {
        f"{letter}: {kind}": weight_kind(kind, data.image_shape)
        .sample(PICTURED_UNITS, X.shape[1], rng, X=X, y=data.y_train[:2000])
        .reshape(-1, *data.image_shape)
        for letter, kind in KINDS.items()
    }
