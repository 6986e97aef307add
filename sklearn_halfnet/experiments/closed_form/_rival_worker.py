"""Fit one candidate in this process and print what it took, as one line of JSON.

Stand-alone: started as a script by ``closed_form_rivals``, in the environment of the
rival, with one argument, a JSON object: ``folder`` (arrays X_train, y_train, X_test and
y_test as .npy), ``file`` and ``maker`` (where and what function builds the estimator),
``n_units``, ``seed``, ``path`` (folders to import from) and ``packages`` (whose
versions to tell). Needs numpy only.
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

ARRAYS = ("X_train", "y_train", "X_test", "y_test")
N_BINS = 15
WARM_UP_ROWS = 300
WARM_UP_UNITS = 16


def measure(job):
    """Warm up, fit, predict.

    Parameters
    ----------
    job : dict
        See the top of this file.

    Returns
    -------
    dict
        Seconds, MB (2**20 bytes) that fit rose above the data, accuracy in percent, and
        of the probabilities, if there are any, calibration error, least value and the
        largest distance of a row's sum from 1; versions of what ran.
    """
    make, seed = _maker(job), job["seed"]
    arrays = [np.load(Path(job["folder"]) / f"{name}.npy") for name in ARRAYS]
    X, y, X_test, y_test = arrays
    # Libraries load and threads start on a tiny fit, which is not counted.
    _run(make, WARM_UP_UNITS, seed, X[:WARM_UP_ROWS], y[:WARM_UP_ROWS], X_test[:9])
    model, found, result = _run(make, job["n_units"], seed, X, y, X_test)
    result["accuracy"] = 100 * float(np.mean(found == y_test))
    if hasattr(model, "predict_proba"):
        result.update(calibration(model.predict_proba(X_test), y_test))
    return {**result, "versions": _versions(job["packages"])}


def _maker(job):
    sys.path[:0] = job["path"]
    spec = importlib.util.spec_from_file_location("candidates", job["file"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, job["maker"])


def _run(make, n_units, seed, X, y, X_test):
    np.random.seed(seed)  # some rivals know no other way
    model, before = make(n_units, seed), _restart_peak()
    begun = time.perf_counter()
    model.fit(X, y)
    result = {"fit_seconds": time.perf_counter() - begun}
    result["peak_mb"] = None if before is None else _status_mb("VmHWM") - before
    begun = time.perf_counter()
    found = np.ravel(model.predict(X_test))
    result["predict_seconds"] = time.perf_counter() - begun
    return model, found, result


def calibration(probability, y):
    """Judge probabilities as they are.

    Parameters
    ----------
    probability : array of shape (n_samples, n_classes)
        What ``predict_proba`` returned.
    y : array of shape (n_samples,)
        True classes, 0, 1, 2, ...

    Returns
    -------
    dict
        ``calibration_error``: expected calibration error, the mean over rows of
        |accuracy - confidence| of the row's bin among 15 equal bins of confidence;
        ``least``: smallest value; ``sum_error``: largest |row sum - 1|.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural
       networks", ICML 2017, equation 3.
    """
    probability = np.asarray(probability, dtype=float)
    confidence = probability.max(axis=1)
    gap = (probability.argmax(axis=1) == y) - confidence
    # Values outside [0, 1], which some rivals return, join the outermost bins.
    bins = np.clip((confidence * N_BINS).astype(int), 0, N_BINS - 1)
    error = np.abs(np.bincount(bins, weights=gap)).sum() / len(y)
    return {
        "calibration_error": float(error),
        "least": float(probability.min()),
        "sum_error": float(np.abs(probability.sum(axis=1) - 1).max()),
    }


def _restart_peak():
    """Start the peak anew from resident memory; None where Linux's /proc is not there.

    ``getrusage`` would not do: its peak cannot be started anew, and a child process
    begins with that of its parent.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status_mb("VmRSS")
    except OSError:
        return None


def _status_mb(field):
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1024


def _versions(names):
    """Versions of what is installed of these distributions."""
    found = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def main():
    """Print the result, and only that, to standard output."""
    # Rivals print and warn as they go.
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = measure(json.loads(sys.argv[1]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
