"""Stored records as scores of models on sets, and models ranked over sets."""

from typing import NamedTuple

import numpy as np

from sklearn_halfnet.experiments._common.table_sets import SETS
from sklearn_halfnet.experiments.tables._ranks import (
    Friedman,
    critical_difference,
    friedman,
    ranks,
)

__all__ = ["Ranking", "Results"]

# Measure -> factor that makes higher better.
_SIGN = {"score": 1, "log_loss": -1}


class Ranking(NamedTuple):
    """Models with results on all of some sets, from the best mean rank on.

    Attributes
    ----------
    mean_ranks : dict
        Model to mean rank, ascending.
    sets : list of str
    difference : float or None
        The critical one; None: there is one model, or one set, only.
    test : Friedman or None
    """

    mean_ranks: dict
    sets: list
    difference: float | None
    test: Friedman | None


class Results:
    """Results by set, model and split; of two for the same the later one counts.

    Parameters
    ----------
    records : list of dict
        As the runner stores them, with keys ``set``, ``model`` and ``split``.
    models : sequence of str
        In the order to show them.
    """

    def __init__(self, records, models):
        self._found = {}
        for record in records:
            key = record["key"]
            of_model = self._found.setdefault((key["set"], key["model"]), {})
            of_model[key["split"]] = record["result"]
        self.sets = [s for s in SETS if any(s == name for name, _ in self._found)]
        fitted = {model for _, model in self._found}
        self.models = [model for model in models if model in fitted]

    def of_task(self, task):
        """Names of the sets of a task, or of all for "all"."""
        return [s for s in self.sets if task in ("all", SETS[s].task)]

    def splits(self, name):
        """List the splits that any model has: all have to have them to be ranked."""
        of_set = [found for (s, _), found in self._found.items() if s == name]
        return sorted({number for found in of_set for number in found})

    def all_of(self, name, model):
        """Results of a model on a set, in the order of the splits."""
        found = self._found.get((name, model), {})
        return [found[i] for i in sorted(found)]

    def figures(self, name, model, figure):
        """One figure of all results that have it."""
        return [r[figure] for r in self.all_of(name, model) if figure in r]

    def errors(self):
        """List what failed: (set, model, what it said)."""
        return [
            (name, model, result["error"])
            for name in self.sets
            for model in self.models
            for result in self.all_of(name, model)
            if "error" in result
        ]

    def scores(self, name, model, measure="score"):
        """Scores of a model on all splits of a set, higher is better.

        A failure is minus infinity; None if a split has not been run.
        """
        found = self._found.get((name, model), {})
        splits = self.splits(name)
        if any(i not in found for i in splits):
            return None
        sign = _SIGN[measure]
        values = [found[i].get(measure, -sign * np.inf) for i in splits]
        return sign * np.array(values, dtype=float)

    def complete(self, names, measure="score"):
        """Models that have been run on all splits of all of these sets."""
        return [
            model
            for model in self.models
            if all(self.scores(name, model, measure) is not None for name in names)
        ]

    def ranking(self, names, measure="score"):
        """Rank the complete models over some sets by their mean over the splits."""
        models = self.complete(names, measure)
        if not names or not models:
            return None
        means = [
            [self.scores(name, model, measure).mean() for model in models]
            for name in names
        ]
        mean_ranks = ranks(means).mean(axis=0)
        order = np.argsort(mean_ranks, kind="stable")
        ordered = {models[i]: float(mean_ranks[i]) for i in order}
        if len(models) < 2 or len(names) < 2:
            return Ranking(ordered, names, None, None)
        difference = critical_difference(len(models), len(names))
        return Ranking(ordered, names, difference, friedman(mean_ranks, len(names)))

    def differences(self, name, model, other, measure="score"):
        """Scores of a model less those of another, split by split.

        None if one of them lacks a split.
        """
        a, b = (self.scores(name, each, measure) for each in (model, other))
        if a is None or b is None:
            return None
        # Two failures are equal, and one is lost to whatever was a result.
        floor = min([*a[np.isfinite(a)], *b[np.isfinite(b)], 0.0]) - 1.0
        return np.nan_to_num(a, neginf=floor) - np.nan_to_num(b, neginf=floor)
