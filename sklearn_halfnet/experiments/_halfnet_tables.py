"""HalfNet on tables: a target with an active subspace; defaults on ten data sets."""

import time

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
)
from sklearn_halfnet.datasets import make_multi_index
from sklearn_halfnet.experiments._epochs import fit_all_epochs
from sklearn_halfnet.experiments._xrfm import XRFMRegressor, has_xrfm

__all__ = [
    "MULTI_INDEX",
    "default_names",
    "fit_default",
    "fit_multi_index",
    "multi_index_data",
]

N_FEATURES, N_TRAIN, N_TEST = 50, 100_000, 10_000


def multi_index_data(quick):
    """Make the problem of ``make_multi_index``, split into training and test rows."""
    n_train = N_TRAIN // 50 if quick else N_TRAIN
    X, y = make_multi_index(n_train + N_TEST, N_FEATURES, random_state=0)
    return Bunch(
        X_train=X[:n_train],
        y_train=y[:n_train],
        X_test=X[n_train:],
        y_test=y[n_train:],
        task="regression",
    )


# Rank 8 is the number of directions; the rest are HalfNet's defaults but for fewer
# epochs and larger batches, as there are 100,000 rows. Others get as many units.
MULTI_INDEX = {
    "HalfNet, rank 8": lambda seed: HalfNetRegressor(
        1024, 8, batch_size=512, max_iter=15, random_state=seed
    ),
    "HalfNet, rank 32": lambda seed: HalfNetRegressor(
        1024, batch_size=512, max_iter=15, random_state=seed
    ),
    "HalfLayer": lambda seed: HalfLayerRegressor(
        1024, batch_size=512, max_iter=15, random_state=seed
    ),
    "ELM": lambda seed: ELMRegressor(1024, random_state=seed),
    "RBFSampler + Ridge": lambda seed: make_pipeline(
        RBFSampler(gamma=1 / N_FEATURES, n_components=1024, random_state=seed), Ridge()
    ),
    "MLP-32": lambda seed: MLPRegressor(
        hidden_layer_sizes=32, max_iter=15, random_state=seed
    ),
    "MLP-1024": lambda seed: MLPRegressor(
        hidden_layer_sizes=1024, max_iter=15, random_state=seed
    ),
    "HistGradientBoosting": lambda seed: HistGradientBoostingRegressor(
        random_state=seed
    ),
}

if has_xrfm():
    MULTI_INDEX["xRFM"] = lambda seed: XRFMRegressor(random_state=seed)


# As many random features as ELM has at its defaults, and half as many landmarks, for
# the smallest set has 614 training rows. Their own defaults, 100 features and gamma=1
# on any number of columns, would say little.
def _fourier(seed):
    return RBFSampler(gamma="scale", n_components=1000, random_state=seed)


def _landmarks(seed):
    return Nystroem(n_components=500, random_state=seed)


def _default_models(task, seed):
    """Every model at its defaults but for the kernel approximations, by name."""
    if task == "classification":
        return {
            "halfnet": HalfNetClassifier(random_state=seed),
            "half layer": HalfLayerClassifier(random_state=seed),
            "ELM": ELMClassifier(random_state=seed),
            "RBFSampler, ridge": _scaled(_fourier(seed), RidgeClassifier()),
            "Nystroem, ridge": _scaled(_landmarks(seed), RidgeClassifier()),
            "Nystroem, logistic": _scaled(
                _landmarks(seed), LogisticRegression(max_iter=1000)
            ),
            "boosting": HistGradientBoostingClassifier(random_state=seed),
            "MLP": _scaled(MLPClassifier(random_state=seed)),
        }
    mlp = _scaled(MLPRegressor(random_state=seed))
    return {
        "halfnet": HalfNetRegressor(random_state=seed),
        "half layer": HalfLayerRegressor(random_state=seed),
        "ELM": ELMRegressor(random_state=seed),
        "RBFSampler, ridge": _scaled(_fourier(seed), Ridge()),
        "Nystroem, ridge": _scaled(_landmarks(seed), Ridge()),
        "boosting": HistGradientBoostingRegressor(random_state=seed),
        "MLP": TransformedTargetRegressor(mlp, transformer=StandardScaler()),
    }


def _scaled(*steps):
    return make_pipeline(StandardScaler(), *steps)


def default_names(task):
    """Names of the models of table 6 for "classification" or "regression"."""
    return tuple(_default_models(task, 0))


def fit_multi_index(data, seed, name):
    """Fit a model of ``MULTI_INDEX`` and score it on the test rows."""
    return _measured(MULTI_INDEX[name](seed), data)


def fit_default(data, seed, name):
    """Fit a model of ``default_names`` and score it on the test rows."""
    return _measured(_default_models(data.task, seed)[name], data)


def _measured(model, data):
    begun = time.perf_counter()
    fit_all_epochs(model, data)
    seconds = time.perf_counter() - begun
    score = model.score(data.X_test, np.asarray(data.y_test))
    return {"test": score, "fit_seconds": seconds}
