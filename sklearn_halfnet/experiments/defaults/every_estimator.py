"""``halfnet reproduce defaults``: every estimator as it comes, on small data sets."""

from collections import defaultdict

import numpy as np

from sklearn_halfnet.experiments._common.experiment import Experiment
from sklearn_halfnet.experiments._common.report import (
    environment_text,
    markdown_table,
)
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.experiments.defaults._bars import (
    BARS,
    TASKS,
    cells,
    faults,
    measure,
)
from sklearn_halfnet.experiments.defaults._models import SLOW

__all__ = ["EXPERIMENT", "report_text"]

_QUICK = ("iris", "one column")


def _jobs(run):
    """Seeds are other folds, made rows and weights; quick is two sets, nothing slow."""
    return [
        _job(task, data, model, seed)
        for task in TASKS
        for seed in range(run.rounds)
        for data, model in cells(task)
        if not run.quick or (data in _QUICK and model not in SLOW)
    ]


def _job(task, data, model, seed):
    def run():
        result = measure(task, data, model, seed)
        return result | {"faults": faults(task, model, result)}

    return Job(
        key={"task": task, "data": data, "model": model, "seed": seed},
        label=f"{task}, {data}, {model}, seed {seed}",
        run=run,
        settings=BARS,
        cost=20 if model in SLOW else 1,
    )


_LEGEND = """\
# Defaults on small data sets

Every estimator with nothing set but its seed, on rows that it has not seen; means over
{seeds} of data and weights. **below** marks what is worse than the best constant by
more than a twentieth of the constant's loss and two standard errors; **far** what loses
a tenth of it to ridge or logistic regression (behind a StandardScaler) and does not
warn, by the first measure of its task. RandomFeatures and the random networks stand
before ridge or logistic regression whose strength is chosen by cross-validation,
DeskewResize before the linear model of the table. The random networks are untrained on
purpose and are not held against the linear model.
"""


def report_text(records):
    """Write one table a measure, faults marked, as Markdown."""
    seeds = 1 + max(record["key"]["seed"] for record in records)
    lines = [_LEGEND.format(seeds=f"{seeds} seed{'s' * (seeds > 1)}")]
    for task in TASKS:
        results = _by_cell(records, task)
        for each in TASKS[task].measures:
            lines += [f"## {task.capitalize()}: {each.name}", ""]
            lines += [_table(results, each), ""]
    faulty = sum(bool(record["result"]["faults"]) for record in records)
    lines += [f"{faulty} of {len(records)} fits are marked.", ""]
    lines += ["## Environment", "", environment_text(records)]
    return "\n".join(lines) + "\n"


def _by_cell(records, task):
    """Collect the results of all seeds by (data, model)."""
    cells = defaultdict(list)
    for record in records:
        key = record["key"]
        if key["task"] == task:
            cells[key["data"], key["model"]].append(record["result"])
    return cells


def _table(results, each):
    data, models = (list(dict.fromkeys(names)) for names in zip(*results, strict=True))
    rows = []
    for name in data:
        of_rivals = next(found for (row, _), found in results.items() if row == name)
        rivals = [_mean(of_rivals, each, who) for who in ("constant", "linear")]
        found = [_cell(results.get((name, model), []), each) for model in models]
        rows.append([name, *rivals, *found])
    return markdown_table(["data", "constant", "linear", *models], rows)


def _mean(results, each, who="model"):
    values = [r[each.name][who] for r in results]
    constants = [r[each.name]["constant"] for r in results]
    shown = [each.shown(*pair) for pair in zip(values, constants, strict=True)]
    return f"{np.mean(shown):.3f}"


def _cell(results, each):
    if not results:
        return ""
    words = {f"below by {each.name}": " **below**"}
    if each.name != "log-loss":
        words["far, no warning"] = " **far**"
    marks = [
        mark
        for fault, mark in words.items()
        if any(fault in result["faults"] for result in results)
    ]
    warned = " (warns)" if any(result["warned"] for result in results) else ""
    return _mean(results, each) + "".join(marks) + warned


EXPERIMENT = Experiment(
    "defaults",
    _jobs,
    report_text,
    lambda result: ", ".join(result["faults"]) or "well",
)
