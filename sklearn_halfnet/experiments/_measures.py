"""Named measurements in rounds: their jobs, and what is said of their results."""

import numpy as np

from sklearn_halfnet.experiments._runner import Job

__all__ = ["describe", "measure_jobs", "medians"]


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
