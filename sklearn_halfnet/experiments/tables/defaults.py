"""``halfnet reproduce tables-defaults``: which settings should be defaults.

Candidates (``_candidates.py``) are cross-validated inside the training rows of each
split of the tables; the rows that ``halfnet bench --suite tables`` tests on take no
part in that split. Split 0 alone (``--seeds 1``) keeps them out altogether: training
rows of one split are test rows of another.
"""

from collections import Counter
from functools import partial

import numpy as np

from sklearn_halfnet.experiments._common.experiment import Experiment, Table
from sklearn_halfnet.experiments._common.report import (
    environment_text,
    markdown_table,
)
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments._common.table_sets import (
    QUICK_ROWS,
    QUICK_SETS,
    ROWS,
    SETS,
    check_sets,
    load_split,
    source,
)
from sklearn_halfnet.experiments.tables._candidates import CANDIDATES
from sklearn_halfnet.experiments.tables._inner import FOLDS, measure_inside
from sklearn_halfnet.experiments.tables._ranks import verdict
from sklearn_halfnet.experiments.tables._report import GROUPS, rank_table
from sklearn_halfnet.experiments.tables._results import Results

__all__ = ["EXPERIMENT", "report_text"]


def _of_task(task):
    return [name for name in SETS if SETS[name].task == task]


TABLES = {
    1: Table("Classification", partial(_of_task, "classification")),
    2: Table("Regression", partial(_of_task, "regression")),
}


def _jobs(run):
    """Make the jobs set by set, the candidates of a split one after another."""
    names = [name for number in run.tables for name in TABLES[number].fits()]
    if run.more["set"] != "all":
        names = [run.more["set"]]
    elif run.quick:
        names = [name for name in names if name in QUICK_SETS]
    check_sets(names, run.data_home)
    found = {}
    return [
        Job(
            key={"set": name, "model": label, "split": split},
            label=f"{name}, split {split}, {label}",
            run=partial(_measure, run, name, label, split, found),
            settings={
                "quick": run.quick,
                "data": source(run.data_home),
                "folds": FOLDS,
                **candidate.settings(SETS[name].task),
            },
        )
        for name in names
        for split in range(run.rounds)
        for label, candidate in CANDIDATES.items()
    ]


def _measure(run, name, label, number, found):
    # What changes a parameter of classifiers leaves regressors as they are.
    settings = str(CANDIDATES[label].settings(SETS[name].task))
    if (name, number, settings) not in found:
        rows = QUICK_ROWS if run.quick else ROWS
        split = load_split(name, run.data_home, number, rows)
        result = measure_inside(CANDIDATES[label], split, number)
        found[name, number, settings] = result
    return found[name, number, settings]


def report_text(records):
    """Write mean ranks, differences to the first candidate, and scores as Markdown."""
    results = Results(records, list(CANDIDATES))
    first, *others = results.models
    lines = [
        "# Candidates for defaults on tables",
        "",
        f"{FOLDS}-fold cross-validation inside the training rows of each split. "
        "Accuracy or R2.",
        "",
        rank_table(results, GROUPS),
        "",
        f"## Beside {first}",
        "",
        "Mean difference over the sets, times a hundred, and sets won, tied and lost; "
        "a mean difference below the standard deviation over splits is a tie. Time is "
        "the geometric mean of the ratio.",
        "",
        markdown_table(
            ["candidate", *GROUPS, "fit time"],
            [[other, *_beside(results, other, first)] for other in others],
        ),
        "",
        "## Scores",
        "",
        markdown_table(
            ["set", *results.models],
            [[name, *_scores(results, name)] for name in results.sets],
        ),
        "",
        "## Environment",
        "",
        environment_text(records),
    ]
    return "\n".join(lines) + "\n"


def _beside(results, other, first):
    cells = []
    for task, measure in GROUPS.values():
        found = [
            results.differences(name, other, first, measure)
            for name in results.of_task(task)
        ]
        cells.append(_difference([each for each in found if each is not None], measure))
    return [*cells, _time_ratio(results, other, first)]


def _difference(found, measure):
    if not found:
        return "-"
    # Of a loss less is better: the sign is turned back.
    sign = -1 if measure == "log_loss" else 1
    mean = 100 * sign * np.mean([each.mean() for each in found])
    counts = Counter(map(verdict, found))
    beside = " - ".join(str(counts[word]) for word in ("win", "tie", "loss"))
    return f"{mean + 0.0:+.2f} ({beside})"


def _time_ratio(results, other, first):
    logs = [
        np.log(np.median(times[0]) / np.median(times[1]))
        for name in results.sets
        if all(
            times := [results.figures(name, m, "fit_seconds") for m in (other, first)]
        )
    ]
    return f"{np.exp(np.mean(logs)):.2f}" if logs else "-"


def _scores(results, name):
    found = (results.figures(name, model, "score") for model in results.models)
    return [f"{np.mean(values):.4f}" if values else "-" for values in found]


EXPERIMENT = Experiment(
    "tables-defaults", _jobs, report_text, tables=TABLES, whole=True
)
