"""The published search: generations a second beside the released code, and its curve.

The released code is the folder ``WANNRelease/WANN`` of
github.com/google/brain-tokyo-workshop. Where the environment variable
``HALFNET_WANN_CODE`` names that folder, both searches take turns, a few generations
each, on the same images and with the same settings (its MNIST settings are in
``WANNRelease/prettyNeatWann/p/mnist256.json``), one thread each. It shuffles all rows
for each network and each weight, to find the same batch again; ours draws the batch
once a generation.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from sklearn_halfnet import WeightAgnosticClassifier
from sklearn_halfnet.experiments import CommandError
from sklearn_halfnet.experiments._common.epochs import FitCallback
from sklearn_halfnet.experiments.weight_agnostic import _released_wann as worker
from sklearn_halfnet.features.shared_weight import forward

__all__ = ["CODE_VARIABLE", "learning_curve", "rounds"]

CODE_VARIABLE = "HALFNET_WANN_CODE"
POPULATION = 960
# prettyNeatWann/p/mnist256.json; task and population are added.
RELEASED = {"alg_nReps": 1, "prob_initEnable": 0.05, "select_tournSize": 32}
TASKS = {64: "digits", 256: "mnist256"}
VALIDATION_ROWS = 5_000
# The curve is read after generations whose numbers grow by this factor.
READ_EVERY = 1.15


def _model(population, seed, **options):
    return WeightAgnosticClassifier(
        "evolution",
        population_size=population,
        batch_size=1000,
        max_connections=10**6,
        input_scaling=None,
        random_state=seed,
        **options,
    )


class _AfterGenerations(FitCallback):
    """A scikit-learn callback that calls a function after each generation."""

    def __init__(self, function):
        self.function = function

    def on_fit_task_end(self, estimator, context):
        """Call the function with the estimator."""
        if context.task_name == "iteration":
            self.function(estimator)


def rounds(X, y, seed, n_rounds, size, population=POPULATION):
    """Let both searches take turns, one thread each.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Of 64 or 256 features.
    y : ndarray of shape (n,) of int
    seed : int
    n_rounds : int
    size : int
        Generations of a turn.
    population : int

    Returns
    -------
    rounds : list of dict
        ``ours`` and, where there is the released code, ``released``: seconds a
        generation in this round, and the loss on its batch and the connections of the
        best network of the last one. Beside them what was run: ``n_rows``,
        ``n_features``, ``population``, ``generations``.
    """
    about = {
        "n_rows": len(X),
        "n_features": X.shape[1],
        "population": population,
        "generations": size,
    }
    found, paused = [], 0.0

    def take_turns(model):
        nonlocal paused
        if model.n_iter_ % size:
            return
        turn = model.history_[-size:]
        seconds = turn[-1]["seconds"] - paused
        ours = {
            "seconds": seconds / size,
            "loss": turn[-1]["loss"],
            "connections": turn[-1]["n_connections"],
        }
        begun = time.perf_counter()
        found.append({**about, "ours": ours, **released(size)})
        paused = turn[-1]["seconds"] + time.perf_counter() - begun

    model = _model(population, seed, max_iter=n_rounds * size)
    with _Released(X, y, seed, population) as released, threadpool_limits(1):
        model.set_callbacks(_AfterGenerations(take_turns)).fit(X, y)
    return found


class _Released:
    """The released code in a process of its own, if it is there."""

    def __init__(self, X, y, seed, population):
        self.folder = os.environ.get(CODE_VARIABLE)
        self.X, self.y, self.seed = X, y, seed
        settings = {"task": TASKS[X.shape[1]], "popSize": population}
        self.settings = {**RELEASED, **settings}

    def __enter__(self):
        if self.folder is None:
            return lambda size: {}
        self.data = tempfile.TemporaryDirectory()
        for name, array in (("X", self.X.astype(float)), ("y", self.y.astype(int))):
            np.save(Path(self.data.name) / f"{name}.npy", array)
        job = {
            "folder": self.folder,
            "data": self.data.name,
            "settings": self.settings,
            "seed": self.seed,
        }
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, worker.__file__, json.dumps(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **threads},
        )
        return self._turn

    def _turn(self, size):
        try:
            print(size, file=self.process.stdin, flush=True)
            return {"released": json.loads(self.process.stdout.readline())}
        except (BrokenPipeError, ValueError) as error:
            raise CommandError(
                f"the released code in {self.folder} ({CODE_VARIABLE}) does not run; "
                "is it WANNRelease/WANN of google/brain-tokyo-workshop?"
            ) from error

    def __exit__(self, *error):
        if self.folder is not None:
            self.process.kill()
            self.process.communicate()
            self.data.cleanup()


def learning_curve(data, seed, seconds, population=POPULATION):
    """Run our search for a time, one thread, and watch its champion meanwhile.

    Parameters
    ----------
    data : tuple of ndarray
        X_train, X_test, y_train, y_test.
    seed : int
    seconds : float
    population : int

    Returns
    -------
    dict
        ``curve``, a list of dict: generation, seconds, loss on its batch, accuracy on
        5,000 held-out training rows (mean over the six shared weights, and the best
        weight's) and connections of the champion; ``generations``, and test accuracy
        of the model at the end.
    """
    X, X_test, y, y_test = data
    n_held = min(VALIDATION_ROWS, len(X) // 5)
    X, X_val, y, y_val = train_test_split(X, y, test_size=n_held, random_state=seed)
    classes, curve, next_reading = np.unique(y), [], 1

    def read(model):
        nonlocal next_reading
        last = model.history_[-1]
        if model.n_iter_ < next_reading and last["seconds"] < seconds:
            return
        next_reading = READ_EVERY * model.n_iter_
        accuracy = _accuracies(model.search_, X_val, classes, y_val)
        entry = {"mean": float(accuracy.mean()), "best": float(accuracy.max())}
        curve.append({"generation": model.n_iter_, **last, **entry})

    model = _model(population, seed, max_iter=10**6, max_time=seconds)
    with threadpool_limits(1):
        model.set_callbacks(_AfterGenerations(read)).fit(X, y)
    return {
        "curve": curve,
        "generations": model.n_iter_,
        "mean": float(model.weight_profile(X_test, y_test).mean()),
        "ensemble": model.score(X_test, y_test),
        "connections": model.n_connections_,
    }


def _accuracies(search, X, classes, y):
    """Accuracy of the search's champion with each shared weight."""
    X = X.astype(search.weights.dtype)
    outputs = forward(search.graph, X, search.weights)[0][search.graph.n_hidden :]
    return (classes[outputs.argmax(axis=0)] == y).mean(axis=1)
