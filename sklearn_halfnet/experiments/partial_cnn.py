"""``halfnet reproduce partial-cnn``: networks that learn next to nothing.

References
----------
A. Rosenfeld and J. K. Tsotsos (2018), "Intriguing Properties of Randomly Weighted
Networks: Generalizing While Learning Next to Nothing", arXiv 1802.00844.
"""

import pickle
import time
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.utils import Bunch

from sklearn_halfnet import PartialCNNClassifier, SharedBackboneEnsembleClassifier
from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.experiments._measures import choose_tables
from sklearn_halfnet.experiments._partial_cnn_report import draw, report_text
from sklearn_halfnet.experiments._report import replace_file
from sklearn_halfnet.experiments._runner import Job, ResultFile, run_jobs
from sklearn_halfnet.experiments._speed import EpochClock

__all__ = ["CONFIGURATIONS", "NETWORKS", "TABLES", "run"]

TABLES = {
    1: "Accuracy by what is learned",
    2: "Ensembles of five that share a fraction",
    3: "Seconds of a pass, beside full training",
}

# The same for all configurations; the rate was chosen on held-out training rows.
N_TRAIN, N_TEST = 5_000, 10_000
RECIPE = {"max_iter": 6, "batch_size": 64, "learning_rate_init": 0.1}
NETWORKS = {
    "wrn": {"architecture": "wrn", "depth": 10, "width": 1},
    "densenet": {"architecture": "densenet", "depth": 10, "width": 12},
}
CONFIGURATIONS = {
    "fraction 1": {"trainable": "all"},
    "fraction .7": {"fraction": 0.7},
    "fraction .4": {"fraction": 0.4},
    "fraction .1": {"fraction": 0.1},
    "one filter": {"n_filters": 1},
    "fraction .4, others zero": {"fraction": 0.4, "frozen": "zero"},
    "fraction .1, others zero": {"fraction": 0.1, "frozen": "zero"},
    "input channels .1": {"fraction": 0.1, "trainable": "input_channels"},
    "batch norm": {"trainable": "batch_norm"},
    "conv1": {"trainable": "conv1"},
    "block1": {"trainable": "block1"},
    "block2": {"trainable": "block2"},
    "block3": {"trainable": "block3"},
    "fc": {"trainable": "classifier"},
}
# Shared fraction of an ensemble of densenets, one pass after a start of one pass.
SHARED = {
    "fc only": 1.0,
    "share .9": 0.9,
    "share .6": 0.6,
    "share .3": 0.3,
    "full": 0.0,
}

# At least 64 filters a layer; the last two blocks of four stand for a half.
SPEED_NETWORK = {"architecture": "vgg_bn", "depth": 5, "width": 64}
SPEED_ROWS = 512
SPEED = {
    "a tenth of the filters": {"fraction": 0.1},
    "first half fixed and kept": {"trainable": ["block3", "block4", "classifier"]},
    "a tenth, others zero": {"fraction": 0.1, "frozen": "zero"},
}
QUICK_ROWS = 200


def run(table=None, data_home=None, seeds=3, out="halfnet-partial-cnn", quick=False):
    """Run the tables on CIFAR-10, then write the report and the figure.

    Parameters
    ----------
    table : {1, 2, 3}, default=None
        Only this table; by default all.
    data_home : path-like, default=None
        Folder with CIFAR-10; by default it comes from OpenML.
    seeds : int, default=3
        Repetitions of tables 1 and 2; table 3 has five rounds.
    out : path-like, default="halfnet-partial-cnn"
        Folder for ``results.jsonl``, ``report.md`` and the figure. Results that are
        already there are not computed again.
    quick : bool, default=False
        One seed on few rows: to see that it works.

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
    out, tables = Path(out), choose_tables(table, TABLES)
    load = cache(lambda: _load(data_home, quick))
    import torch  # noqa: F401  its import is not part of the first fit

    seeds = 1 if quick else seeds
    jobs = [
        job
        for number in tables
        for seed in range(5 if number == 3 and not quick else seeds)
        for job in _jobs(number, seed, load, quick)
    ]
    results = ResultFile(out / "results.jsonl")
    run_jobs(jobs, "halfnet reproduce partial-cnn", results, _describe)
    records = [r for r in results.read() if r["settings"]["quick"] == quick]
    report = out / "report.md"
    replace_file(report, report_text(TABLES, records))
    draw(records, out)
    print(report.read_text(encoding="utf-8"))
    return report


def _load(data_home, quick):
    data = load_dataset("cifar10", data_home)
    n_train, n_test = (QUICK_ROWS, QUICK_ROWS) if quick else (N_TRAIN, N_TEST)
    return Bunch(
        X_train=_channels_first(data.X_train[:n_train], data.image_shape),
        y_train=data.y_train[:n_train],
        X_test=_channels_first(data.X_test[:n_test], data.image_shape),
        y_test=data.y_test[:n_test],
    )


def _channels_first(X, image_shape):
    images = X.reshape(-1, *image_shape).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(images)


def _jobs(number, seed, load, quick):
    recipe = RECIPE | ({"max_iter": 1} if quick else {})
    fits = _FITS[number](load, seed, recipe)
    settings = {"quick": quick, "n_train": SPEED_ROWS if number == 3 else N_TRAIN}
    if number != 3:
        settings["recipe"] = recipe
    for model, (options, fit) in fits.items():
        yield Job(
            key={"table": number, "model": model, "seed": seed},
            label=f"table {number}, {model}, seed {seed}",
            run=fit,
            settings=settings | {"options": options},
        )


def _by_part(load, seed, recipe):
    fits = {}
    for name, network in NETWORKS.items():
        for what, options in CONFIGURATIONS.items():
            model = PartialCNNClassifier(
                **network, **recipe, **options, random_state=seed
            )
            fits[f"{name}: {what}"] = (
                network | options,
                lambda model=model: _measure(model, load()),
            )
    return fits


def _measure(model, data):
    model, result = _fit(model, data)
    train = 100 * model.score(data.X_train, data.y_train)
    return result | {"train": train}


def _fit(model, data):
    """Fit a copy; return it and what is measured of every model."""
    model = clone(model)
    begun = time.perf_counter()
    model.fit(data.X_train, data.y_train)
    seconds = time.perf_counter() - begun
    return model, {
        "test": 100 * model.score(data.X_test, data.y_test),
        "n_learned": int(model.n_trainable_parameters_),
        "n_stored_bytes": int(model.n_stored_bytes_),
        "fit_seconds": seconds,
    }


def _ensembles(load, seed, recipe):
    member = PartialCNNClassifier(**NETWORKS["densenet"], **recipe).set_params(
        max_iter=1
    )
    fits = {}
    for name, fraction in SHARED.items():
        model = SharedBackboneEnsembleClassifier(
            member,
            shared_fraction=fraction,
            validation_fraction=None,
            random_state=seed,
        )
        options = NETWORKS["densenet"] | {"shared_fraction": fraction}
        fits[name] = (options, lambda model=model: _measure_ensemble(model, load()))
    return fits


def _measure_ensemble(model, data):
    model, result = _fit(model, data)
    scores = [m.score(data.X_test, data.y_test) for m in model.estimators_]
    one, all_of_them = (len(pickle.dumps(m)) for m in (model.estimators_[0], model))
    return result | {
        "mean_member": 100 * float(np.mean(scores)),
        "pickle_ratio": all_of_them / one,
    }


def _speed(load, seed, recipe):
    return {
        name: (
            SPEED_NETWORK | options,
            lambda options=options: _beside_full_training(load(), options),
        )
        for name, options in SPEED.items()
    }


def _beside_full_training(data, options):
    """Seconds of a later pass of a network trained in part, and of the whole."""
    X, y = data.X_train[:SPEED_ROWS], data.y_train[:SPEED_ROWS]
    part = _seconds_of_a_pass(options, X, y)
    full = _seconds_of_a_pass({"trainable": "all"}, X, y)
    return {"part": part, "full": full, "speed": full / part}


def _seconds_of_a_pass(options, X, y):
    clock = EpochClock()
    model = PartialCNNClassifier(
        **SPEED_NETWORK, **options, max_iter=3, batch_size=64, random_state=0
    )
    model.set_callbacks(clock).fit(X, y)
    return clock.seconds


_FITS = {1: _by_part, 2: _ensembles, 3: _speed}


def _describe(result):
    if "speed" in result:
        return f"{result['speed']:.2f} times as fast as full training"
    return f"{result['test']:.2f} % in {result['fit_seconds']:.1f} s"
