"""Run many small jobs one after another; what is done survives a cut-off run.

Results are appended to a file of JSON lines, one a job, each with the settings
and the environment it ran in. A job whose key and settings are already there is
not run again. A last line that was cut off is dropped.
"""

import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_halfnet import HalfLayerClassifier
from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._common.environment import describe_environment
from sklearn_halfnet.experiments._common.progress import progress

__all__ = ["Job", "ResultFile", "ResultList", "make_folder", "run_jobs", "warm_up"]


@dataclass(frozen=True)
class Job:
    """One thing to run.

    Attributes
    ----------
    key : dict
        JSON values that name the job.
    label : str
        The same for people.
    run : callable
        Takes nothing and returns a dict of JSON values; or None, of a job that is left
        to a later run.
    settings : dict
        JSON values that the result depends on beside the key; a stored result
        with other settings does not count.
    cost : float
        Expected work in any unit, for the remaining time.
    """

    key: dict
    label: str
    run: Callable
    settings: dict
    cost: float = 1.0


def warm_up():
    """Fit a half layer on four rows, so that no job pays for the first use of torch.

    Importing torch and starting its threads takes seconds, many fits less.
    """
    X, y = np.eye(4), [0, 1, 0, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        HalfLayerClassifier(2, max_iter=1).fit(X, y)


def run_jobs(jobs, title, results=None, describe=str):
    """Run the jobs that are not done yet, after a warm-up.

    Parameters
    ----------
    jobs : list of Job
        In the order to run them.
    title : str
        What is being done: the command.
    results : ResultFile or ResultList, default=None
        Where results are kept; by default only in what is returned.
    describe : callable, default=str
        Turns a result to a few words for the progress lines.

    Returns
    -------
    list of dict
        One record a job that was run, in order: ``key``, ``settings``, ``result``,
        ``seconds``, ``command``, ``environment``, ``finished`` (UTC).
    """
    results = ResultList() if results is None else results
    known = results.read()
    records = [_find(known, job) for job in jobs]
    if None in records:
        warm_up()
    with progress(sum(job.cost for job in jobs), title) as bar:
        for i, job in enumerate(jobs):
            if records[i] is not None:
                bar.skip(job.cost)
                continue
            bar.begin(job.label)
            records[i] = _run(job, title)
            if records[i] is None:
                bar.skip(job.cost)
                continue
            results.append(records[i])
            bar.done(job.cost, f"{job.label}: {describe(records[i]['result'])}")
    return [record for record in records if record is not None]


def _find(records, job):
    for record in records:
        if record["key"] == job.key and record["settings"] == job.settings:
            return record
    return None


def _run(job, command):
    begun = time.perf_counter()
    result = _uninterrupted(job.run)
    if result is None:
        return None
    return {
        "key": job.key,
        "settings": job.settings,
        "result": result,
        "seconds": time.perf_counter() - begun,
        "command": command,
        "environment": describe_environment(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _uninterrupted(run):
    """Take an interruption that an estimator has outlived for one of the whole run.

    Estimators that are interrupted keep what they have learnt, warn and return: their
    unfinished fit would be measured as a finished one.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*interrupted")
        try:
            return run()
        except Warning as warning:
            if "interrupted" in str(warning).lower():
                raise KeyboardInterrupt from warning
            raise


class ResultList(list):
    """Records in memory: whoever holds them has them after an interruption too."""

    def read(self):
        """Return the records."""
        return list(self)


class ResultFile:
    """Records in a file of JSON lines.

    Parameters
    ----------
    path : path-like
        The file; it and its folder are made when needed.
    """

    def __init__(self, path):
        self.path = Path(path)

    def read(self):
        """Read all records, and cut off what an interrupted write left behind.

        Returns
        -------
        list of dict
            The records; none if there is no file yet.

        Raises
        ------
        CommandError
            If a complete line is no JSON: the file is something else, or was
            edited. If its folder cannot be written to.
        """
        make_folder(self.path.parent)
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        complete = content[: content.rfind(b"\n") + 1]
        if len(complete) < len(content):
            os.truncate(self.path, len(complete))
        return [
            self._parse(line, number)
            for number, line in enumerate(complete.splitlines(), start=1)
        ]

    def append(self, record):
        """Add a record as one line.

        Parameters
        ----------
        record : dict
            JSON values.
        """
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def _parse(self, line, number):
        try:
            record = json.loads(line)
            return {name: record[name] for name in ("key", "settings", *record)}
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f"{self.path}, line {number}, is no result of an earlier run "
                f"({error}). Delete that line, or choose another folder by --out."
            ) from error


def make_folder(path):
    """Make a folder where there is none, and make sure that files can be written."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise CommandError(
            f"results cannot be written to {path}: {error.strerror}. Choose another "
            "folder by --out."
        ) from error
