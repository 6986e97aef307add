"""Measurements for ``halfnet reproduce gpu``: each returns the numbers of a row."""

import time

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    PartialCNNClassifier,
)
from sklearn_halfnet.exceptions import NonFiniteError
from sklearn_halfnet.experiments._common.epochs import (
    EpochClock,
    fit_all_epochs,
    measure_epochs,
    percent_right,
)
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.partial_cnns import (
    magnitudes,
    of_tasks,
    tasks_of_halves,
)
from sklearn_halfnet.experiments._common.recipes import (
    CIFAR_RECIPE,
    FIELDS,
    RECIPE,
    WIDTH,
    plain_classifier,
)
from sklearn_halfnet.experiments._common.torch_mlp import TorchMLP
from sklearn_halfnet.experiments.gpu._minutes import PassesInTime

__all__ = [
    "by_rank",
    "fields",
    "full_layer",
    "half_layer",
    "made_rows",
    "partial_cnn",
    "plain_net",
    "rows_beside_the_cpu",
    "two_tasks",
]

RIDGE = 100.0
_BATCH = 256
# Seconds of a processor beyond which fewer rows have to do.
CPU_SECONDS = 20.0


# -- MNIST, a pass ---------------------------------------------------------------------


def half_layer(data, device):
    """Seconds of a pass: a half layer, a full layer, and this one's steps recorded."""
    options = {"batch_size": _BATCH, "input_scaling": "center", "max_iter": 5}
    clock = EpochClock()
    model = HalfLayerClassifier(WIDTH, **options, device=device, random_state=0)
    model.set_callbacks(clock)
    fit_all_epochs(model, data)
    eager, recorded = (full_layer(data, device, records) for records in (False, True))
    return {
        "half": clock.seconds,
        "full": eager,
        "ratio": eager / clock.seconds,
        "full_recorded": recorded,
        "ratio_recorded": recorded / clock.seconds,
        "test": percent_right(model, data, "test"),
    }


def full_layer(data, device, records):
    """Median seconds of a pass of a full layer in plain torch, rows on the device."""
    import torch

    from sklearn_halfnet._device import resolve_device
    from sklearn_halfnet.solvers.losses import Objective
    from sklearn_halfnet.solvers.step import Step, make_step

    device = resolve_device(device)
    X, y = (
        torch.from_numpy(array).to(device)
        for array in (data.X_train, data.y_train.astype(np.int64))
    )
    network = torch.nn.Sequential(
        torch.nn.Linear(X.shape[1], WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 10)
    ).to(device)
    on_gpu = device.type == "cuda"
    optimizer = torch.optim.Adam(
        network.parameters(), lr=1e-3, fused=True, capturable=on_gpu
    )
    step = Step(Objective(network, "softmax", alpha=0), optimizer)
    if records:
        step = make_step(step.objective, optimizer, device, _BATCH)

    def epoch():
        order = torch.randperm(len(X), device=device)
        for index in order.split(_BATCH):
            step((X.index_select(0, index), y.index_select(0, index), None))
        return next(network.parameters()).sum().item()

    return float(np.median([timed(epoch)[1] for _ in range(4)][1:]))


def plain_net(data, device):
    """HalfNet of rank 32, ten passes, once the libraries have been loaded."""
    model = plain_classifier(WIDTH, 32, **RECIPE, device=device, random_state=0)
    fit_all_epochs(clone(model).set_params(max_iter=1), data)
    return measure_epochs(model, data)


# -- closed form -----------------------------------------------------------------------


def made_rows(n_rows, n_features=100):
    """Rows of normal numbers, and a target of a few of their columns."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_features), dtype=np.float32)
    return X, np.sin(X[:, 0]) + X[:, 1] * X[:, 2]


def _elm(n_units, device, **options):
    return ELMRegressor(n_units, alpha=1.0, device=device, random_state=0, **options)


def rows_beside_the_cpu(device, n_rows, n_units, n_cpu_rows, n_exact_rows):
    """Seconds of many rows on the device, of fewer on the CPU, and the differences."""
    X, y = made_rows(n_rows)
    _elm(64, device).fit(X[:2_000], y[:2_000])
    model, seconds = timed(lambda: _elm(n_units, device).fit(X, y))
    result = {"n_rows": n_rows, "n_units": n_units, "seconds": seconds}
    result["r2"] = model.score(X[:20_000], y[:20_000])
    # Twice, for what a fit takes beside its rows, above all the solution.
    few, more = n_cpu_rows // 4, n_cpu_rows
    cpu, of_few = timed(lambda: _elm(n_units, "cpu").fit(X[:few], y[:few]))
    gpu = _elm(n_units, device).fit(X[:few], y[:few])
    result["difference"] = _difference(gpu, cpu, X)
    more = min(more, int(few * max(1.5, CPU_SECONDS / of_few)))
    _, of_more = timed(lambda: _elm(n_units, "cpu").fit(X[:more], y[:more]))
    a_row = (of_more - of_few) / (more - few)
    result |= {
        "n_cpu_rows": more,
        "cpu_seconds": of_more,
        "cpu_seconds_of_all": of_few + a_row * (n_rows - few),
    }
    result["ratio"] = result["cpu_seconds_of_all"] / seconds
    exact = [
        _elm(n_units, where, dtype="float64").fit(X[:n_exact_rows], y[:n_exact_rows])
        for where in (device, "cpu")
    ]
    return result | {"difference_float64": _difference(*exact, X)}


def _difference(found, expected, X):
    """Largest difference of predictions, in deviations of these."""
    found, expected = (model.predict(X[:5_000]) for model in (found, expected))
    return float(np.abs(found - expected).max() / expected.std())


def fields(data, device, n_units):
    """Receptive fields on MNIST: the strength given, and chosen."""
    result, options = {}, {**FIELDS, "device": device, "random_state": 0}
    for name, alpha in (("given", RIDGE), ("chosen", "gcv")):
        elm = ELMClassifier(n_units, alpha=alpha, **options)
        model = make_pipeline(Normalizer(), elm)
        result[name] = fit_all_epochs(model, data)
        result[f"{name}_test"] = percent_right(model, data, "test")
    return result


# -- CIFAR-10 --------------------------------------------------------------------------


def by_rank(data, device, rank, max_iter):
    """HalfNet of a rank; None is a full layer of the same width."""
    recipe = CIFAR_RECIPE | {"max_iter": max_iter}
    if rank is not None:
        net = plain_classifier(WIDTH, rank, **recipe, device=device, random_state=0)
        return measure_epochs(net, data)
    mlp = TorchMLP(WIDTH, 3e-3, max_iter, 256, seed=0, device=device)
    return measure_epochs(make_pipeline(StandardScaler(with_std=False), mlp), data)


def partial_cnn(data, device, options, seconds, of_layers=False):
    """Fit a network of the paper's size; None if it cannot end in these seconds.

    With ``of_layers`` magnitudes of weights are told, too.
    """
    model = PartialCNNClassifier(**options, device=device, random_state=0)
    begun = time.perf_counter()
    try:
        found = _fit_in_time(model, data, seconds)
    except NonFiniteError:
        return {"test": None, "fit_seconds": time.perf_counter() - begun}
    if found is None:
        return None
    model, result = found
    return result | ({"magnitudes": magnitudes(model)} if of_layers else {})


def two_tasks(data, device, options, seconds):
    """Fit a network for each half of the classes; None if there is no time."""
    model = PartialCNNClassifier(**options, device=device)
    end = time.perf_counter() + seconds

    def fit(model, task):
        return _fit_in_time(model, task, end - time.perf_counter())

    return of_tasks(model, tasks_of_halves(data), 0, fit)


def _fit_in_time(model, data, seconds):
    """Return a fitted network and what is measured of it, or None."""
    watch = PassesInTime(seconds, model.max_iter)
    begun = time.perf_counter()
    fit_all_epochs(model.set_callbacks(watch), data)
    if watch.gave_up:
        return None
    return model, {
        "test": 100 * model.score(data.X_test, data.y_test),
        "n_learned": int(model.n_trainable_parameters_),
        "n_stored_bytes": int(model.n_stored_bytes_),
        "fit_seconds": time.perf_counter() - begun,
        "pass_seconds": watch.seconds,
        "losses": model.loss_curve_,
    }
