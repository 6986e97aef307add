"""Measurements of seconds and memory for ``halfnet reproduce half-layers-speed``."""

import pickle

import numpy as np
from sklearn.neural_network import MLPClassifier

from sklearn_halfnet import HalfLayerClassifier
from sklearn_halfnet.experiments._common.epochs import EpochClock, fit_all_epochs
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.memory import in_fresh_process, peak_memory

__all__ = [
    "against_mlp",
    "cache_too_small",
    "epoch_against_full_layer",
    "epoch_by_features",
    "pickled_bytes",
]

# Chosen on 10,000 held-out training rows of MNIST, 3 seeds.
SMALL_AND_FAST = {
    "hidden_layer_sizes": 512,
    "weight_kind": "instances",
    "input_scaling": "center",
    "batch_size": 512,
    "learning_rate_init": 3e-2,
    "max_iter": 4,
}
WIDE = {"hidden_layer_sizes": 1024, "batch_size": 256, "input_scaling": "center"}
MLP_EPOCHS = 10


def against_mlp(data, seed):
    """Fit a half layer, then MLPClassifier((32,), max_iter=10), on the same arrays."""
    half = HalfLayerClassifier(**SMALL_AND_FAST, random_state=seed)
    mlp = MLPClassifier((32,), max_iter=MLP_EPOCHS, random_state=seed)
    half_seconds, mlp_seconds = fit_all_epochs(half, data), fit_all_epochs(mlp, data)
    return {
        "half": half_seconds,
        "mlp": mlp_seconds,
        "ratio": half_seconds / mlp_seconds,
        "half_test": 100 * half.score(data.X_test, data.y_test),
        "mlp_test": 100 * mlp.score(data.X_test, data.y_test),
        "n_trainable": half.n_trainable_parameters_,
    }


def _half_epoch(X, y, seed):
    clock = EpochClock()
    model = HalfLayerClassifier(**WIDE, max_iter=4, random_state=seed)
    model.set_callbacks(clock).fit(X, y)
    return clock.seconds


def epoch_against_full_layer(data, seed):
    """Seconds of an epoch at H = 1,024: half layer, and a plain torch MLP."""
    half = _half_epoch(data.X_train, data.y_train, seed)
    full = _full_layer_epoch(data.X_train, data.y_train, seed)
    return {"half": half, "full": full, "ratio": full / half}


def _full_layer_epoch(X, y, seed):
    """Median epoch of a fully trained MLP of the same width, batch and optimiser."""
    import torch

    X, y = torch.from_numpy(X), torch.from_numpy(y.astype(np.int64))
    network = torch.nn.Sequential(
        torch.nn.Linear(X.shape[1], WIDE["hidden_layer_sizes"]),
        torch.nn.ReLU(),
        torch.nn.Linear(WIDE["hidden_layer_sizes"], 10),
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    generator = torch.Generator().manual_seed(seed)

    def epoch():
        order = torch.randperm(len(X), generator=generator)
        for index in order.split(WIDE["batch_size"]):
            scores = network(X.index_select(0, index))
            loss = torch.nn.functional.cross_entropy(scores, y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return float(np.median([timed(epoch)[1] for _ in range(2)]))


def epoch_by_features(seed, n_rows=30_000):
    """Seconds of an epoch at H = 1,024 with 784 and with 3,072 input features."""
    rng = np.random.default_rng(seed)
    y = rng.integers(10, size=n_rows)
    few, many = (
        _half_epoch(rng.standard_normal((n_rows, d), dtype=np.float32), y, seed)
        for d in (784, 3072)
    )
    return {"few": few, "many": many, "ratio": many / few}


def cache_too_small(data, seed, cache_size=50):
    """Fit with a cache that holds the projection, and with one that does not."""
    options = {**WIDE, "max_iter": 3, "random_state": seed}
    plenty = HalfLayerClassifier(**options).fit(data.X_train, data.y_train)
    expected = plenty.decision_function(data.X_test)
    arguments = (data.X_train, data.y_train, data.X_test, options, cache_size)
    found, peak = in_fresh_process(_fit_and_watch, *arguments)
    projection = len(data.X_train) * WIDE["hidden_layer_sizes"] * 4 / 2**20
    return {
        "projection_mb": projection,
        "budget_mb": cache_size,
        "peak_mb": peak,
        "difference": float(np.abs(found - expected).max()),
    }


def _fit_and_watch(X, y, X_test, options, cache_size):
    model = HalfLayerClassifier(**options, cache_size=cache_size)
    # Libraries are loaded, and threads started, before the baseline is taken.
    HalfLayerClassifier(**options).fit(X[:300], y[:300])
    with peak_memory() as peak:
        model.fit(X, y)
    return model.decision_function(X_test), peak["mb"]


def pickled_bytes(seed):
    """Bytes of a pickled model of 1,000 binary units on 784 features."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((500, 784), dtype=np.float32)
    y = rng.integers(10, size=500)
    options = {"input_scaling": "standard", "max_iter": 1, "random_state": seed}
    model = HalfLayerClassifier(1000, "binary", **options)
    return {"bytes": len(pickle.dumps(model.fit(X, y)))}
