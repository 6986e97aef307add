"""``halfnet reproduce weight-agnostic``: digits and MNIST beside the paper's row.

Table 3 runs the published search, by evolution. Where the environment variable
``HALFNET_WANN_CODE`` names the folder ``WANNRelease/WANN`` of
github.com/google/brain-tokyo-workshop, that code and ours take turns.
"""

import os
import time
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from sklearn_halfnet import DeskewResize, WeightAgnosticClassifier
from sklearn_halfnet.datasets import load_dataset
from sklearn_halfnet.experiments import (
    CommandError,
    _evolution as evolution,
    _evolution_report as evolution_report,
)
from sklearn_halfnet.experiments._measures import describe, measure_jobs
from sklearn_halfnet.experiments._report import markdown_table, replace_file
from sklearn_halfnet.experiments._runner import ResultFile, run_jobs

__all__ = ["report_text", "run"]

# Gaier & Ha (2019), table 2: MNIST test accuracy.
PUBLISHED = {"random": 0.820, "ensemble": 0.916, "tuned": 0.919, "trained": 0.942}
# Weights of the paper's MNIST network.
PUBLISHED_CONNECTIONS = 1_849
_MNIST = {"max_connections": 1_850, "max_iter": 10**6}
_N_RANDOM_WEIGHTS = 100


def run(table=None, data_home=None, seeds=5, out="halfnet-wann", quick=False):
    """Search on digits and on MNIST, and write the report.

    Settings were chosen on held-out training rows. Searches are limited by time, so
    that results depend on the machine.

    Parameters
    ----------
    table : {1, 2, 3}, default=None
        1 is digits, 2 MNIST, 3 the evolution; None runs all.
    data_home : path-like, default=None
        Folder with MNIST's files; None fetches them from OpenML.
    seeds : int, default=5
        Splits of digits.
    out : path-like, default="halfnet-wann"
        Folder for ``results.jsonl``, ``report.md`` and the picture.
    quick : bool, default=False
        A second for each search, and digits in the place of MNIST.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    CommandError
        If there is no such table.
    """
    if table not in (None, 1, 2, 3):
        raise CommandError("weight-agnostic has tables 1 (digits), 2 (MNIST) and 3.")
    data = cache(lambda: _digits(0) if quick else _mnist(data_home))
    factor = 0.02 if quick else 1.0
    measures = {
        1: {"digits": lambda seed: _measure(_digits(seed), seed, 10 * factor, {})},
        2: {
            "mnist, 60 s": lambda seed: _measure(data(), seed, 60 * factor, _MNIST),
            "mnist, 600 s": lambda seed: _measure(data(), seed, 600 * factor, _MNIST),
        },
        3: {
            evolution_report.turns_name(evolution.CODE_VARIABLE in os.environ): (
                lambda seed: _turns(data(), seed, quick)
            ),
            evolution_report.CURVE: lambda seed: evolution.learning_curve(
                data(), seed, *((1, 48) if quick else (300, evolution.POPULATION))
            ),
        },
    }
    chosen = {
        k: v
        for number in measures
        if table in (None, number)
        for k, v in measures[number].items()
    }
    once = set(chosen) - {"digits"}
    out = Path(out)
    jobs = measure_jobs(chosen, once, 1 if quick else seeds, quick, word="split")
    records = run_jobs(
        jobs,
        "halfnet reproduce weight-agnostic",
        ResultFile(out / "results.jsonl"),
        lambda result: describe({k: v for k, v in result.items() if np.isscalar(v)}),
    )
    replace_file(out / "report.md", report_text(records))
    evolution_report.draw(records, out)
    print((out / "report.md").read_text(encoding="utf-8"))
    return out / "report.md"


def _digits(seed):
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, test_size=0.25, random_state=seed, stratify=y)


def _mnist(data_home):
    data = load_dataset("mnist", data_home=data_home)
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
    result, begun = {}, time.perf_counter()
    model.fit(X_train, y_train)
    result["seconds"] = time.perf_counter() - begun
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
    """Write the tables as Markdown.

    Parameters
    ----------
    records : list of dict
        What ``run_jobs`` returned.

    Returns
    -------
    str
    """
    by_measure = {}
    for record in records:
        by_measure.setdefault(record["key"]["measure"], []).append(record["result"])
    about_evolution = evolution_report.lines(by_measure)
    lines = ["# Weight-agnostic networks", "", "Test accuracy; mean over the splits."]
    figures = ["random", "mean", "ensemble", "tuned", "trained"]
    header = [
        "",
        "random weight",
        "mean of six",
        *figures[2:],
        "logistic regression",
        "connections",
        "steps",
        "s",
    ]
    rows = [
        _row(name, results, figures)
        for name, results in by_measure.items()
        if name not in evolution_report.NAMES
    ]
    published = [f"{PUBLISHED[n]:.3f}" if n in PUBLISHED else "-" for n in figures]
    size = f"{PUBLISHED_CONNECTIONS:,}"
    rows.append(["published (MNIST)", *published, "-", size, "4,096", "-"])
    lines += ["", markdown_table(header, rows)]
    lines += about_evolution
    return "\n".join(lines) + "\n"


def _row(name, results, figures):
    def mean(figure):
        return np.mean([result[figure] for result in results])

    cells = [f"{mean(figure):.3f}" for figure in [*figures, "logistic"]]
    cells[0] += f" ± {mean('random_sd'):.3f}"
    counts = [f"{mean(figure):,.0f}" for figure in ("connections", "steps", "seconds")]
    return [name, *cells, *counts]
