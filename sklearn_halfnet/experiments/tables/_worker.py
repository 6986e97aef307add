"""Fit one model and measure it; as a script, that of another Python.

Stand-alone: this script fits a package in a process of its own, maybe in an environment
of its own. Its argument is a JSON object: ``folder`` (the arrays as .npy;
``result.json`` is written there), ``file`` and ``maker`` (where and what function
builds the estimator), ``task``, ``seed``, ``memory_gb`` and ``packages`` (whose
versions to tell). Needs numpy and scikit-learn only.
"""

import contextlib
import importlib.metadata
import importlib.util
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

ARRAYS = ("X_train", "y_train", "X_test", "y_test")
# Single precision knows no smaller distance from one.
LEAST = np.finfo(np.float32).eps


def measure(estimator, task, X_train, y_train, X_test, y_test):
    """Fit on the training rows, and predict and judge the others.

    Parameters
    ----------
    estimator : estimator
        Unfitted.
    task : {"classification", "regression"}
        Classes are 0, 1, 2, ..., and -1 in ``y_test`` is a class without training row.
    X_train, y_train, X_test, y_test : ndarray

    Returns
    -------
    dict
        ``score`` (accuracy or R2), ``log_loss`` (mean, natural logarithm; of
        classifiers), ``fit_seconds`` and ``predict_seconds`` (of all test rows).
    """
    with warnings.catch_warnings():
        # Limits of iterations are part of the defaults.
        warnings.simplefilter("ignore", ConvergenceWarning)
        begun = time.perf_counter()
        estimator.fit(X_train, y_train)
        fitted = time.perf_counter()
        predicted = np.ravel(estimator.predict(X_test))
        done = time.perf_counter()
    seconds = {"fit_seconds": fitted - begun, "predict_seconds": done - fitted}
    if task == "regression":
        return {"score": r2(y_test, predicted), **seconds}
    loss = log_loss(y_test, np.asarray(estimator.predict_proba(X_test)))
    return {"score": float(np.mean(predicted == y_test)), "log_loss": loss, **seconds}


def r2(y, predicted):
    """Share of the variance that is explained."""
    errors, deviations = y - predicted, y - np.mean(y)
    return float(1 - np.sum(errors**2) / np.sum(deviations**2))


def log_loss(y, probability):
    """Mean negative logarithm of the probability of the true class.

    At most that of single precision's epsilon, which a class that was not seen gets.
    """
    of_true = probability[np.arange(len(y)), y]
    return float(-np.log(np.clip(np.where(y < 0, 0, of_true), LEAST, 1)).mean())


def limit_memory(gigabytes):
    """Let allocations beyond a limit fail, where the system knows how to."""
    with contextlib.suppress(ImportError, AttributeError, ValueError, OSError):
        import resource

        # Not address space: torch reserves far more than it uses.
        limit = int(gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def work(job):
    """Build, warm up and measure what a job names."""
    make = _maker(job)
    _warm_up(make, job)
    arrays = [np.load(Path(job["folder"]) / f"{name}.npy") for name in ARRAYS]
    result = measure(make(job["task"], job["seed"]), job["task"], *arrays)
    return {**result, "versions": _versions(job["packages"])}


def _maker(job):
    spec = importlib.util.spec_from_file_location("makers", job["file"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, job["maker"])


def _warm_up(make, job):
    """Let libraries load and threads start, which is not counted."""
    X = np.random.default_rng(0).standard_normal((60, 4))
    y = np.arange(60) % 2 if job["task"] == "classification" else X[:, 0]
    make(job["task"], job["seed"]).fit(X, y).predict(X)


def _versions(names):
    """Versions of what is installed of these distributions."""
    found = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def main():
    """Write the result to a file: what packages print does not mix with it."""
    job = json.loads(sys.argv[1])
    limit_memory(job["memory_gb"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = work(job)
    (Path(job["folder"]) / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
