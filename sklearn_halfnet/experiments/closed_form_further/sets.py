"""Sets of classes of ELM beside those that MAPIE makes by five further fits."""

from functools import partial

import numpy as np
from sklearn.model_selection import train_test_split

from sklearn_halfnet import ELMClassifier
from sklearn_halfnet.experiments._common.experiment import Table
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.report import markdown_table, results_by
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments._common.table_sets import load_split, source
from sklearn_halfnet.experiments.closed_form_further._mapie import (
    COVERAGE,
    cross_conformal,
)
from sklearn_halfnet.models.conformity import SET_SCORES

__all__ = ["TABLE", "measured"]

SETS = ("letter", "magic", "optdigits")
ROWS = 4000
UNITS = 500


def _jobs(run):
    return [
        Job(
            key={"table": 2, "data": data, "split": number},
            label=f"sets, {data}, split {number}",
            run=partial(_measure, run, data, number),
            settings={"quick": run.quick, "data": source(run.data_home)},
        )
        for number in range(run.rounds)
        for data in SETS
    ]


def _measure(run, data, number):
    whole = load_split(data, run.data_home, 0, rows=300 if run.quick else 10**9)
    X = np.concatenate([whole.X_train, whole.X_test])
    y = np.concatenate([whole.y_train, whole.y_test])
    return measured(X, y, number, 50 if run.quick else UNITS)


def measured(X, y, seed, n_units):
    """Measure coverage in per cent, mean size and seconds of sets on a random split."""
    size = min(ROWS, len(y) // 2)
    X, X_test, y, y_test = train_test_split(
        X, y, train_size=size, test_size=size, random_state=seed, stratify=y
    )
    model, found = ELMClassifier(n_units, random_state=seed), {}
    _, seconds = timed(lambda: model.fit(X, y))
    accuracy = 100 * model.score(X_test, y_test)
    for score in SET_SCORES:
        for allow_empty in (False, True):
            sets = model.predict_set(X_test, COVERAGE, score, allow_empty)
            name = score + ", may be empty" * allow_empty
            found[name] = _figures(sets, y_test, seconds, accuracy)
        if score == "aps" and len(model.classes_) == 2:
            continue  # MAPIE has only LAC for two classes
        rival = ELMClassifier(n_units, random_state=seed)
        rival = cross_conformal("classification", rival, conformity_score=score)
        _, took = timed(lambda rival=rival: rival.fit_conformalize(X, y))
        _, sets = rival.predict_set(X_test)
        found[f"MAPIE, {score}, 5 folds"] = _figures(
            sets[:, :, 0], y_test, took, accuracy
        )
    return found


def _figures(sets, y, seconds, accuracy):
    return {
        "coverage": 100 * float(np.mean(sets[np.arange(len(y)), y])),
        "size": float(np.mean(sets.sum(axis=1))),
        "empty": 100 * float(np.mean(~sets.any(axis=1))),
        "fit": seconds,
        "accuracy": accuracy,
    }


def _text(records):
    header = ["data", "accuracy, %", "sets", "splits", "coverage, %", "mean size"]
    rows = []
    for data, results in results_by("data", records).items():
        for name in results[0]:
            mean = {
                figure: np.mean([each[name][figure] for each in results])
                for figure in results[0][name]
            }
            rows.append(
                [
                    data,
                    f"{mean['accuracy']:.1f}",
                    name,
                    str(len(results)),
                    f"{mean['coverage']:.1f}",
                    f"{mean['size']:.3f}",
                    f"{mean['empty']:.1f}",
                    f"{mean['fit']:.2f}",
                ]
            )
    return f"{_HEAD}\n\n{markdown_table([*header, 'empty, %', 'fit s'], rows)}"


_HEAD = f"""ELM of {UNITS} units, coverage asked for {100 * COVERAGE:.0f} %,
{ROWS:,} rows at most to fit and as many to test, random splits. Bar: coverage 90 ±
1 %. Where accuracy is above that, only sets that may be empty can hold it."""

TABLE = Table("Sets of classes beside MAPIE's", _jobs, _text)
