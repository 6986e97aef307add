"""Measurements and tables of models: their jobs, and what is said of results."""

from collections import defaultdict

import numpy as np

from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._report import mean_and_sd
from sklearn_halfnet.experiments._runner import Job

__all__ = [
    "by_model",
    "choose_tables",
    "describe",
    "mean",
    "mean_text",
    "measure_jobs",
    "medians",
]


def measure_jobs(measures, once, rounds, quick, word="round"):
    """Make a job for each measure and round.

    Parameters
    ----------
    measures : dict
        Name to a function of the round's number, counted from 0.
    once : set of str
        Measures of one round only.
    rounds : int
    quick : bool
        Part of what a result depends on.
    word : str, default="round"
        What people call a round.

    Returns
    -------
    list of Job
    """
    return [
        Job(
            key={"measure": name, "seed": seed},
            label=f"{name}, {word} {seed + 1}",
            run=lambda measure=measure, seed=seed: measure(seed),
            settings={"quick": quick},
        )
        for name, measure in measures.items()
        for seed in range(1 if name in once else rounds)
    ]


def describe(result):
    """Write all figures of a result in one line.

    Examples
    --------
    >>> describe({"seconds": 0.25, "ratio": 2.0})
    'seconds 0.25, ratio 2'
    """
    return ", ".join(f"{name} {value:.4g}" for name, value in result.items())


def medians(records):
    """Return a function of measure and figure that gives the median over rounds.

    Parameters
    ----------
    records : list of dict
        What ``run_jobs`` returned of the jobs made here.

    Returns
    -------
    median : callable
        ``median(measure, name)`` is a float.
    """

    def median(measure, name):
        values = [
            record["result"][name]
            for record in records
            if record["key"]["measure"] == measure
        ]
        return float(np.median(values))

    return median


def choose_tables(table, tables):
    """Return the numbers of the tables to run: one of them, or all.

    Raises
    ------
    CommandError
        If there is no such table.
    """
    if table is None:
        return list(tables)
    if table not in tables:
        known = ", ".join(map(str, tables))
        raise CommandError(f"there is no table {table}; the tables are {known}.")
    return [table]


def by_model(records, table):
    """Model -> results of a table, in the order of the records."""
    results = defaultdict(list)
    for record in records:
        if record["key"]["table"] == table:
            results[record["key"]["model"]].append(record["result"])
    return dict(results)


def mean(results, name):
    """Mean of one figure over results."""
    return float(np.mean([result[name] for result in results]))


def mean_text(results, name, digits=2):
    """Mean of one figure and, of several results, its standard deviation."""
    value, sd = mean_and_sd([result[name] for result in results])
    spread = "" if np.isnan(sd) else f" ± {sd:.{digits}f}"
    return f"{value:.{digits}f}{spread}"
