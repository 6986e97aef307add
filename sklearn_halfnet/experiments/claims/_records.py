"""Stored results, found by what their keys say."""

import json
from functools import cache
from pathlib import Path

import numpy as np

from sklearn_halfnet.experiments import CommandError

__all__ = ["NotMeasured", "Records"]


class NotMeasured(Exception):
    """There is no record of what was asked for."""


class Records:
    """Results of all experiments below a folder, as ``doc/results`` has them.

    Parameters
    ----------
    folder : path-like
        With a folder an experiment, each with a ``results.jsonl``.

    Raises
    ------
    CommandError
        If there is no such file.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        if not any(self.folder.glob("*/results.jsonl")):
            raise CommandError(
                f"there are no records in {self.folder}: give the folder that has one "
                "for each experiment by --results."
            )
        self.of = cache(self._read)

    def _read(self, experiment):
        path = self.folder / experiment / "results.jsonl"
        if not path.exists():
            return []
        with path.open(encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        return [r for r in records if not r["settings"].get("quick")]

    def results(self, experiment, **key):
        """Return the results of the records whose keys have these values.

        Of records that differ in their settings only, the last one counts.

        Raises
        ------
        NotMeasured
            If there is none.
        """
        found = {}
        for record in self.of(experiment):
            own = record["key"]
            if all(own.get(name) == value for name, value in key.items()):
                if ("curve" in own) == ("curve" in key):
                    found[json.dumps(own)] = record["result"]
        if not found:
            raise NotMeasured(f"{experiment}: {key}")
        return list(found.values())

    def values(self, experiment, field, **key):
        """Return one field of all results, an array."""
        results = self.results(experiment, **key)
        if any(field not in result for result in results):
            raise NotMeasured(f"{experiment}: {field} of {key}")
        return np.array([result[field] for result in results])

    def mean(self, experiment, field, **key):
        """Return the mean of one field."""
        return float(self.values(experiment, field, **key).mean())
