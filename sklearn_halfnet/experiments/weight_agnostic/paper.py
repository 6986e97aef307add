"""``halfnet reproduce weight-agnostic``: digits and MNIST beside the paper's row.

Table 3 runs the published search, by evolution. Where the environment variable
``HALFNET_WANN_CODE`` names the folder ``WANNRelease/WANN`` of
github.com/google/brain-tokyo-workshop, that code and ours take turns.
"""

import os

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from sklearn_halfnet import DeskewResize, WeightAgnosticClassifier
from sklearn_halfnet.experiments._common.data import load_images
from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.measures import measure_jobs, timed
from sklearn_halfnet.experiments._common.report import (
    markdown_table,
    mean,
    results_by,
)
from sklearn_halfnet.experiments.weight_agnostic import (
    _evolution as evolution,
    _evolution_report as evolution_report,
)

__all__ = ["EXPERIMENT", "report_text"]

# Gaier & Ha (2019), table 2: MNIST test accuracy.
PUBLISHED = {"random": 0.820, "ensemble": 0.916, "tuned": 0.919, "trained": 0.942}
# Weights of the paper's MNIST network.
PUBLISHED_CONNECTIONS = 1_849
_MNIST = {"max_connections": 1_850, "max_iter": 10**6}
_N_RANDOM_WEIGHTS = 100
SHORT = "mnist, 60 s"


def _digit_jobs(run, factor):
    return {"digits": lambda seed: _measure(_digits(seed), seed, 10 * factor, {})}


def _mnist_jobs(run, factor):
    return {
        f"mnist, {seconds} s": lambda seed, seconds=seconds: _measure(
            run.load(), seed, seconds * factor, _MNIST
        )
        for seconds in (60, 600)
    }


def _evolution_jobs(run, factor):
    turns = evolution_report.turns_name(evolution.CODE_VARIABLE in os.environ)
    size = (1, 48) if run.quick else (300, evolution.POPULATION)
    return {
        turns: lambda seed: _turns(run.load(), seed, run.quick),
        evolution_report.CURVE: lambda seed: evolution.learning_curve(
            run.load(), seed, *size
        ),
    }


TABLES = {1: _digit_jobs, 2: _mnist_jobs, 3: _evolution_jobs}


def _jobs(run):
    """Seeds are splits of digits, and of MNIST three searches of the shorter time.

    A quick run searches a second, on digits only.
    """
    measures = {}
    for number in run.tables:
        measures |= TABLES[number](run, 0.02 if run.quick else 1.0)
    once = set(measures) - {"digits", SHORT}
    jobs = measure_jobs(measures, once, run, "seed")
    return [job for job in jobs if job.key["measure"] != SHORT or job.key["seed"] < 3]


def _digits(seed):
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, test_size=0.25, random_state=seed, stratify=y)


def _load(run):
    if run.quick:
        return _digits(0)
    data = load_images(run, "mnist")
    small = DeskewResize().fit(data.X_train)
    X_train, X_test = small.transform(data.X_train), small.transform(data.X_test)
    return X_train, X_test, data.y_train, data.y_test


def _measure(data, seed, seconds, settings):
    """Search, train the weights, and fit logistic regression on the same rows."""
    X_train, X_test, y_train, y_test = data
    model = WeightAgnosticClassifier(
        **{"max_iter": 10**6, **settings},
        max_time=seconds,
        input_scaling="center",
        random_state=seed,
    )
    result = {"seconds": timed(lambda: model.fit(X_train, y_train))[1]}
    result["steps"] = model.n_iter_
    result["connections"] = model.n_connections_
    result["ensemble"] = model.score(X_test, y_test)
    result["mean"] = float(model.weight_profile(X_test, y_test).mean())
    weights = np.random.default_rng(seed).uniform(-2, 2, _N_RANDOM_WEIGHTS)
    profile = model.weight_profile(X_test, y_test, weights)
    result["random"], result["random_sd"] = float(profile.mean()), float(profile.std())
    result["tuned"] = model.set_params(predict_with="tuned").score(X_test, y_test)
    result["trained"] = model.train_weights(X_train, y_train).score(X_test, y_test)
    linear = LogisticRegression(max_iter=300).fit(X_train, y_train)
    result["logistic"] = linear.score(X_test, y_test)
    return result


def _turns(data, seed, quick):
    X, _, y, _ = data
    n_rounds, population = (2, 48) if quick else (10, evolution.POPULATION)
    return {"rounds": evolution.rounds(X, y, seed, n_rounds, 5, population)}


def report_text(records):
    """Write the tables as Markdown."""
    by_measure = results_by("measure", records)
    figures = ["random", "mean", "ensemble", "tuned", "trained"]
    header = ["", "random weight", "mean of six", *figures[2:]]
    header += ["logistic regression", "connections", "steps", "s"]
    rows = [
        _row(name, results, figures)
        for name, results in by_measure.items()
        if name not in evolution_report.NAMES
    ]
    published = [f"{PUBLISHED[n]:.3f}" if n in PUBLISHED else "-" for n in figures]
    size = f"{PUBLISHED_CONNECTIONS:,}"
    rows.append(["published (MNIST)", *published, "-", size, "4,096", "-"])
    lines = [
        "# Weight-agnostic networks",
        "",
        "Test accuracy; mean over the seeds, of digits the splits.",
    ]
    lines += ["", markdown_table(header, rows), *evolution_report.lines(by_measure)]
    return "\n".join(lines) + "\n"


def _row(name, results, figures):
    cells = [f"{mean(results, figure):.3f}" for figure in [*figures, "logistic"]]
    cells[0] += f" ± {mean(results, 'random_sd'):.3f}"
    counts = ("connections", "steps", "seconds")
    return [name, *cells, *(f"{mean(results, count):,.0f}" for count in counts)]


EXPERIMENT = Experiment(
    "weight-agnostic",
    _jobs,
    report_text,
    tables=TABLES,
    load=_load,
    figures=evolution_report.figures,
)
