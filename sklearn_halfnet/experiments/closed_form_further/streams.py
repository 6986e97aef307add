"""Table 3: new classes, forgetting, drift and small chunks, beside rivals."""

import time

import numpy as np
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_halfnet import ELMClassifier, RandomFeatures
from sklearn_halfnet.experiments._common.data import load_images
from sklearn_halfnet.experiments._common.experiment import Table
from sklearn_halfnet.experiments._common.measures import bars_table, timed
from sklearn_halfnet.experiments._common.memory import in_fresh_process, peak_memory
from sklearn_halfnet.experiments._common.runner import Job
from sklearn_halfnet.linear import PackedGram

__all__ = ["TABLE"]

# Layers that look at no data; MNIST's pixels lie between 0 and 1.
FIXED = {"scale": 0.15, "input_scaling": None, "dtype": "float64", "alpha": 10.0}
N_TASKS = 5
DECAY = 0.999
CHUNK = 10


def tasks(run):
    """Learn MNIST two classes at a time, beside SGD and one fit of all."""
    data = _mnist(run)
    model = ELMClassifier(64 if run.quick else 2000, **FIXED, random_state=0)
    sgd = SGDClassifier(random_state=0)
    result, seconds = {}, 0.0
    for number in range(N_TASKS):
        rows = np.isin(data.y_train, (2 * number, 2 * number + 1))
        chunk = data.X_train[rows], data.y_train[rows]
        _, taken = timed(lambda chunk=chunk: model.partial_fit(*chunk).read_out_coef_)
        seconds += taken
        sgd.partial_fit(*chunk, classes=range(10))
        test = data.y_test < 2 * number + 2
        rows = data.X_test[test], data.y_test[test]
        result[f"test_{number + 1}"] = 100 * model.score(*rows)
        result[f"sgd_{number + 1}"] = 100 * sgd.score(*rows)
    joint = ELMClassifier(**model.get_params())
    _, refit = timed(lambda: joint.fit(data.X_train, data.y_train))
    expected = _gram_solution(joint)
    difference = np.abs(_gram_solution(model) - expected).max()
    return {
        **result,
        "seconds": seconds,
        "refit_seconds": refit,
        "difference": float(difference / np.abs(expected).max()),
    }


def forgetting(run):
    """Forget a tenth of MNIST's rows; the rival is a fit of the others."""
    data = _mnist(run)
    gone = np.arange(len(data.y_train)) % 10 == 3
    model = ELMClassifier(64 if run.quick else 2000, **FIXED, random_state=0)
    rest = ELMClassifier(**model.get_params())
    model.fit(data.X_train, data.y_train)
    _, seconds = timed(
        lambda: model.forget(data.X_train[gone], data.y_train[gone]).read_out_coef_
    )
    _, refit = timed(lambda: rest.fit(data.X_train[~gone], data.y_train[~gone]))
    expected = _gram_solution(rest)
    difference = np.abs(_gram_solution(model) - expected).max()
    return {
        "difference": float(difference / np.abs(expected).max()),
        "seconds": seconds,
        "refit_seconds": refit,
    }


def drift(run):
    """Predict each chunk of rows whose boundary turns, then learn it."""
    n_rows = 5_000 if run.quick else 100_000
    X, y = turning(n_rows)
    models = {
        "decay": ELMClassifier(100, decay=DECAY, alpha=1.0, random_state=0),
        "none": ELMClassifier(100, alpha=1.0, random_state=0),
        "sgd": make_pipeline(
            StandardScaler().fit(X[:1000]),
            RBFSampler(n_components=100, random_state=0).fit(X[:1000]),
            SGDClassifier("log_loss", random_state=0),
        ),
    }
    return {name: prequential(model, X, y) for name, model in models.items()}


def turning(n_rows, n_turns=3, seed=0):
    """Make rows of which a turning line, and a wave on it, parts two classes.

    Returns
    -------
    X : ndarray of shape (n_rows, 5)
    y : ndarray of shape (n_rows,)
        0 or 1, one in twenty of them wrong.
    """
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, 5))
    angle = np.linspace(0, 2 * np.pi * n_turns, n_rows)
    along = np.cos(angle) * X[:, 0] + np.sin(angle) * X[:, 1]
    across = np.cos(angle) * X[:, 1] - np.sin(angle) * X[:, 0]
    y = along + 0.3 * np.sin(2 * across) > 0
    return X, (y ^ (rng.random(n_rows) < 0.05)).astype(int)


def prequential(model, X, y, chunk=500):
    """Accuracy, in percent, of each chunk before it is learned."""
    right = []
    for start in range(0, len(y), chunk):
        rows = slice(start, start + chunk)
        if start:
            right.append(np.mean(model.predict(X[rows]) == y[rows]))
        if hasattr(model, "steps"):  # a pipeline has no partial_fit
            model[-1].partial_fit(model[:-1].transform(X[rows]), y[rows], [0, 1])
        else:
            model.partial_fit(X[rows], y[rows])
    return 100 * float(np.mean(right))


def chunks(run):
    """Milliseconds of ``partial_fit`` of ten rows at 1,000 units, not solved."""
    data = _mnist(run)
    model = ELMClassifier(64 if run.quick else 1000, random_state=0)
    model.partial_fit(data.X_train[:1000], data.y_train[:1000])
    seconds, cpu = [], time.process_time()
    for start in range(1000, 2000 if run.quick else 11_000, CHUNK):
        rows = slice(start, start + CHUNK)
        chunk = data.X_train[rows], data.y_train[rows]
        seconds.append(timed(lambda chunk=chunk: model.partial_fit(*chunk))[1])
    cpu = time.process_time() - cpu
    _, solved = timed(lambda: model.read_out_coef_)
    return {
        "mean_ms": 1e3 * float(np.mean(seconds)),
        "median_ms": 1e3 * float(np.median(seconds)),
        "cpu_ms": 1e3 * cpu / len(seconds),
        "solve_ms": 1e3 * solved,
    }


def wide(run):
    """10,000 units in packed float32 sums, task by task, in a fresh process."""
    return in_fresh_process(_fit_wide, *_arrays(run), 200 if run.quick else 10_000)


def _fit_wide(X, y, X_test, y_test, n_units):
    # Libraries are loaded, and not counted.
    features = RandomFeatures(
        n_units, input_scaling=None, scale=FIXED["scale"], random_state=0
    ).fit(X[:10])
    PackedGram().update(features.transform(X[:10]), np.eye(10)[y[:10]]).solve(1e6)
    sums = PackedGram()
    begun = time.perf_counter()
    with peak_memory() as peak:
        for task in range(N_TASKS):
            rows = np.flatnonzero(y // 2 == task)
            for some in np.array_split(rows, max(1, len(rows) // 500)):
                sums.update(features.transform(X[some]), np.eye(10)[y[some]])
        coef, intercept = sums.solve(1e-6 * sums.trace)
    seconds = time.perf_counter() - begun
    scores = [
        features.transform(X_test[start : start + 500]) @ coef.T + intercept
        for start in range(0, len(X_test), 500)
    ]
    right = np.concatenate(scores).argmax(axis=1) == y_test
    return {"peak_mb": peak["mb"], "seconds": seconds, "test": 100 * right.mean()}


MEASURES = {
    "tasks": tasks,
    "forget": forgetting,
    "drift": drift,
    "chunks": chunks,
    "wide": wide,
}


def _mnist(run):
    data = load_images(run, "mnist", train=3_000)
    data.y_train, data.y_test = data.y_train.astype(int), data.y_test.astype(int)
    return data


def _arrays(run, n_rows=20_000):
    data = _mnist(run)
    X, X_test = (X.astype(np.float32) for X in (data.X_train[:n_rows], data.X_test))
    return X, data.y_train[:n_rows], X_test, data.y_test


def _gram_solution(model):
    return model.gram_.solve(model.alpha)[0]


def _fits(run):
    return [
        Job(
            key={"table": 3, "measure": name, "seed": 0},
            label=f"streams, {name}",
            run=lambda measure=measure: measure(run),
            settings={"quick": run.quick},
        )
        for name, measure in MEASURES.items()
    ]


# Measure, ours, beside, bar.
_ROWS = (
    *(
        (
            f"MNIST, classes 0 to {2 * task - 1}, test %",
            f"{{tasks.test_{task}:.2f}}",
            f"SGDClassifier: {{tasks.sgd_{task}:.2f}}",
            "printed",
        )
        for task in range(1, N_TASKS + 1)
    ),
    (
        "its five fits, s",
        "{tasks.seconds:.1f}",
        "one fit of all: {tasks.refit_seconds:.1f}",
        "",
    ),
    ("from the joint fit, relative", "{tasks.difference:.1e}", "", "<= 1e-10"),
    (
        "a tenth of MNIST forgotten, from the fit of the rest",
        "{forget.difference:.1e}",
        "",
        "<= 1e-8",
    ),
    ("its seconds", "{forget.seconds:.1f}", "that fit: {forget.refit_seconds:.1f}", ""),
    (
        "drift, accuracy % of the next chunk",
        "decay=0.999: {drift.decay:.1f}",
        "no decay: {drift.none:.1f}; SGDClassifier: {drift.sgd:.1f}",
        "10 points ahead",
    ),
    (
        "10,000 units on 20,000 images of MNIST, peak MB",
        "{wide.peak_mb:.0f}",
        "test {wide.test:.2f} %, {wide.seconds:.0f} s",
        "<= 500",
    ),
    (
        "10 rows, 1,000 units, ms",
        "{chunks.mean_ms:.2f} (median {chunks.median_ms:.2f})",
        "of the processor: {chunks.cpu_ms:.2f}; to solve: {chunks.solve_ms:.0f}",
        "<= 3",
    ),
)


def _text(records):
    return f"""\
MNIST in five tasks of two classes each, 2,000 units; 100,000 rows of a boundary that \
turns three times, 100 units, in chunks of 500 rows that are predicted before they are \
learned, SGDClassifier on 100 random Fourier features; and 10-row chunks of MNIST. \
Differences are those of the read-out in float64, at a given ridge strength.

{bars_table(["measure", "ours", "beside", "bar"], _ROWS, records)}
"""


TABLE = Table("Streams: new classes, forgetting, drift", _fits, _text)
