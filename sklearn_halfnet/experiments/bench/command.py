"""``halfnet bench``: our networks beside scikit-learn's models on a data set."""

import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.experiments import BENCH_FAMILIES, CommandError
from sklearn_halfnet.experiments._common.counts import count_parameters, stored_bytes
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.runner import (
    Job,
    ResultList,
    make_folder,
    run_jobs,
)
from sklearn_halfnet.experiments.bench._models import (
    half_layers,
    mlp_epochs,
    ours,
    rivals,
)
from sklearn_halfnet.experiments.bench._report import make_report, print_report, write
from sklearn_halfnet.weights import WEIGHTS

__all__ = ["measure", "run"]

# Defaults of the estimators, and only these: it is the first thing that a user runs.
HALF_SIZES = (512,)
HALF_KINDS = ("normal",)
MLP_SIZES = (100,)
# Beyond this many values times classes boosting takes many minutes.
MUCH_FOR_BOOSTING = 5e7
QUICK_ROWS, QUICK_EPOCHS = 500, 10


def run(
    data="digits",
    data_home=None,
    target=None,
    task=None,
    seeds=1,
    out="halfnet-bench",
    models=None,
    sizes=None,
    kinds=None,
    plot=True,
    quick=False,
):
    """Fit all models, print a table, write a JSON file and a picture.

    Parameters
    ----------
    data, data_home, target, task
        As :func:`sklearn_halfnet.datasets.load_dataset` takes them.
    seeds : int, default=1
        Repetitions: a new random state of the models each, and a new split of
        data that have no split of their own.
    out : path-like, default="halfnet-bench"
        Folder for ``bench-NAME.json`` and ``bench-NAME.png``.
    models : sequence of str, default=None
        Families to fit, of ``BENCH_FAMILIES``. By default all; without boosting where
        it would take many minutes.
    sizes : sequence of int, default=None
        Hidden units of the half layers; 512 by default.
    kinds : sequence of str, default=None
        Weight kinds of the half layers; "normal" by default.
    plot : bool, default=True
        Whether to draw.
    quick : bool, default=False
        At most 500 training rows from all of the file, one seed, 10 epochs of half
        layers and HalfNet, no boosting: to see that it works.

    Returns
    -------
    dict
        What the JSON file holds: ``dataset``, ``notes``, ``models`` (one
        summary each), ``runs`` (one record a fit) and ``environment``.

    Raises
    ------
    DatasetError
        If the data cannot be had.
    CommandError
        If an option makes no sense, or results cannot be written to ``out``; if a
        model cannot be fitted. What was measured before, or before an interruption,
        is printed and written.
    """
    seeds = 1 if quick else seeds
    splits = _load_splits(data, data_home, target, task, seeds, quick)
    compared, notes = _choose(splits[0], models, sizes, kinds, quick)
    jobs, records = _jobs(compared, splits, seeds), ResultList()
    make_folder(out)
    print("\n".join([_headline(splits[0], seeds), *notes, ""]))
    try:
        run_jobs(jobs, "halfnet bench", records, _describe)
    finally:
        if len(records) < len(jobs):
            notes.append(f"Cut off: {len(records)} of {len(jobs)} fits were done.")
            print(notes[-1])
        report = make_report(splits[0], compared, records, notes)
        if records:
            print_report(report)
            write(report, Path(out), plot)
    return report


def _describe(result):
    return f"{result['score']:.4f}, {result['fit_seconds']:.2f} s"


def _load_splits(data, data_home, target, task, seeds, quick):
    """One data set a seed; all the same if the data bring their own split."""

    def load(seed):
        return load_dataset(data, data_home, target, task=task, random_state=seed)

    # What is to be said of the data is among the notes, and printed.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        first = load(0)
        if quick:
            _thin_out(first)
        if first.split == "own":
            return [first] * seeds
        return [first, *map(load, range(1, seeds))]


def _thin_out(data):
    """Keep few training rows, from all of the file: it may be sorted by class."""
    n_rows = len(data.X_train)
    if n_rows > QUICK_ROWS:
        rows = np.linspace(0, n_rows - 1, QUICK_ROWS).astype(int)
        data.X_train, data.y_train = data.X_train[rows], data.y_train[rows]
        data.notes.append(f"Quick: {QUICK_ROWS} of {n_rows:,} training rows.")


def _choose(data, models, sizes, kinds, quick):
    """Models to compare, and notes on what is left out and how it is fitted."""
    notes = list(data.notes)
    families = set(models or BENCH_FAMILIES)
    if models is None and (quick or _boosting_work(data) > MUCH_FOR_BOOSTING):
        families.remove("boosting")
        notes.append("HistGradientBoosting left out for its time; --models adds it.")
    _check_kinds(kinds or ())
    training = {"max_iter": QUICK_EPOCHS} if quick else {}
    compared = rivals(data, families, MLP_SIZES)
    if "half" in families:
        half = (sizes or HALF_SIZES, kinds or HALF_KINDS)
        compared += half_layers(data, *half, **training)
    compared += ours(data, families, **training)
    if quick:
        notes.append(f"Quick: half layers and HalfNet get {QUICK_EPOCHS} epochs.")
    if "mlp" in families and mlp_epochs(data) is not None:
        notes.append(f"MLPs are trained for {mlp_epochs(data)} epochs.")
    return compared, notes


def _boosting_work(data):
    n_outputs = len(set(data.y_train)) if data.task == "classification" else 1
    return data.X_train.size * n_outputs


def _check_kinds(kinds):
    unknown = sorted(set(kinds) - set(WEIGHTS))
    if unknown:
        raise CommandError(
            f"unknown weight kind {', '.join(unknown)}; known: {', '.join(WEIGHTS)}."
        )


def _jobs(compared, splits, seeds):
    """One job a model and seed; a model without chance runs once on one split."""
    jobs = []
    for seed in range(seeds):
        for model in compared:
            if seed == 0 or model.random or splits[0].split == "random":
                jobs.append(_job(model, splits[seed], seed))
    return jobs


def _job(model, data, seed):
    return Job(
        key={"model": model.name, "seed": seed},
        label=f"{model.name}, seed {seed}",
        run=lambda: _measure(model, seed, data),
        settings={},
        cost=model.cost,
    )


def _measure(model, seed, data):
    try:
        return measure(model.make(seed), data)
    except (ValueError, MemoryError) as error:
        raise CommandError(f"{model.name} cannot be fitted: {error}") from error


def measure(estimator, data):
    """Fit and score an estimator, and take its time and size.

    Parameters
    ----------
    estimator : estimator
        Unfitted.
    data : Bunch
        Of :func:`sklearn_halfnet.datasets.load_dataset`.

    Returns
    -------
    dict
        ``score`` (test accuracy or R2), ``fit_seconds``, ``predict_seconds``
        (of all test rows), ``n_trainable``, ``n_bytes`` and ``converged``
        (False if it stopped at its limit of iterations).
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        _, fit_seconds = timed(lambda: estimator.fit(data.X_train, data.y_train))
    _, predict_seconds = timed(lambda: estimator.predict(data.X_test))
    others = [w for w in caught if not issubclass(w.category, ConvergenceWarning)]
    for warning in others:
        warnings.warn(warning.message, stacklevel=2)
    return {
        "score": float(estimator.score(data.X_test, data.y_test)),
        "fit_seconds": fit_seconds,
        "predict_seconds": predict_seconds,
        "n_trainable": count_parameters(estimator),
        "n_bytes": stored_bytes(estimator),
        "converged": len(others) == len(caught),
    }


def _headline(data, seeds):
    n_features = data.X_train.shape[1]
    split = "its own split" if data.split == "own" else "a new split each"
    repeats = "1 repetition" if seeds == 1 else f"{seeds} repetitions, {split}"
    return (
        f"{data.title}: {data.task} of {data.target_name!r}, {len(data.X_train):,} "
        f"training and {len(data.X_test):,} test rows, {n_features:,} features; "
        f"{repeats}."
    )
