"""Measurements that are held against bars: their jobs, and the table of medians."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from sklearn_halfnet.experiments._common.report import markdown_table, met, results_by
from sklearn_halfnet.experiments._common.runner import Job

__all__ = ["Bar", "bars_table", "measure_jobs", "timed"]


def timed(function):
    """Return what a function returns, and the seconds it took."""
    begun = time.perf_counter()
    result = function()
    return result, time.perf_counter() - begun


def measure_jobs(measures, once, run, word="round"):
    """Make a job for each measure and round.

    Parameters
    ----------
    measures : dict
        Name to a function of the round's number, counted from 0.
    once : set of str
        Measures of one round only.
    run : Run
    word : str, default="round"
        What people call a round.
    """
    return [
        Job(
            key={"measure": name, "seed": seed},
            label=f"{name}, {word} {seed + 1}",
            run=lambda measure=measure, seed=seed: measure(seed),
            settings={"quick": run.quick},
        )
        for name, measure in measures.items()
        for seed in range(1 if name in once else run.rounds)
    ]


@dataclass(frozen=True)
class Bar:
    """What a figure is held against.

    Attributes
    ----------
    text : str
        For people.
    figure : callable
        Takes the values by which cells are filled in, a dict.
    least, most : float
        Where it has to lie.
    """

    text: str
    figure: Callable
    least: float = -math.inf
    most: float = math.inf

    def judged(self, values):
        """Write the bar, and whether it is met."""
        return f"{self.text}: {met(self.least <= self.figure(values) <= self.most)}"


def bars_table(header, rows, records, **more):
    """Write a table whose cells are filled in as by ``str.format``.

    ``{measure.figure}`` is the median over the rounds of what ``measure_jobs`` made;
    ``more`` are further values. A cell that is a Bar says whether it is met.
    """
    values = {
        name: _medians(found) for name, found in results_by("measure", records).items()
    }
    values |= more
    cells = [
        [
            cell.judged(values) if isinstance(cell, Bar) else cell.format(**values)
            for cell in row
        ]
        for row in rows
    ]
    return markdown_table(header, cells)


def _medians(results):
    return SimpleNamespace(
        **{name: float(np.median([r[name] for r in results])) for name in results[0]}
    )
