"""HalfNet on tables: a target with an active subspace; ten data sets."""

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

from sklearn_halfnet import (
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
)
from sklearn_halfnet.datasets import make_multi_index
from sklearn_halfnet.experiments._common.epochs import fit_all_epochs
from sklearn_halfnet.experiments._common.recipes import (
    plain_classifier,
    plain_regressor,
)
from sklearn_halfnet.experiments._common.rivals import scaled, scaled_mlp, seeded
from sklearn_halfnet.experiments.halfnet._xrfm import XRFMRegressor, has_xrfm

__all__ = [
    "MULTI_INDEX",
    "RANK_8",
    "fit_multi_index",
    "fit_on_table",
    "fit_rank_8",
    "multi_index_data",
    "names_on_tables",
]

N_FEATURES, N_TRAIN, N_TEST = 50, 100_000, 10_000


def multi_index_data(quick):
    """Make the problem of ``make_multi_index``, split into training and test rows."""
    n_train = N_TRAIN // 50 if quick else N_TRAIN
    X, y, directions = make_multi_index(
        n_train + N_TEST, N_FEATURES, random_state=0, return_directions=True
    )
    return Bunch(
        directions=directions,
        X_train=X[:n_train],
        y_train=y[:n_train],
        X_test=X[n_train:],
        y_test=y[n_train:],
        task="regression",
    )


_STANDARD = {"input_scaling": "standard"}
# Rank 8 is the number of directions. Few epochs and large batches, as there are 100,000
# rows. Others get as many units.
_SHORT = {**_STANDARD, "batch_size": 512, "max_iter": 15}
MULTI_INDEX = {
    "HalfNet, rank 8": seeded(plain_regressor, 1024, 8, **_SHORT),
    "HalfNet, rank 32": seeded(plain_regressor, 1024, **_SHORT),
    "HalfLayer": seeded(HalfLayerRegressor, 1024, **_SHORT),
    "ELM": seeded(ELMRegressor, 1024, **_STANDARD),
    "RBFSampler + Ridge": lambda seed: make_pipeline(
        RBFSampler(gamma=1 / N_FEATURES, n_components=1024, random_state=seed), Ridge()
    ),
    "MLP-32": seeded(MLPRegressor, hidden_layer_sizes=32, max_iter=15),
    "MLP-1024": seeded(MLPRegressor, hidden_layer_sizes=1024, max_iter=15),
    "HistGradientBoosting": seeded(HistGradientBoostingRegressor),
}
# What the target depends on, by its eight q: of two of them only their sum.
ACTIVE = {f"q{i + 1}": row for i, row in enumerate(np.eye(8)) if i not in (4, 5)}
ACTIVE["2 q5 + q6"] = 2 * np.eye(8)[4] + np.eye(8)[5]
# One setting of the first changed at a time: more passes, another start, more columns.
RANK_8 = {
    "rank 8": MULTI_INDEX["HalfNet, rank 8"],
    "45 passes": seeded(plain_regressor, 1024, 8, **_SHORT | {"max_iter": 45}),
    "random start of A": seeded(
        plain_regressor, 1024, 8, **_SHORT, geometry="orthogonal"
    ),
    "rank 10": seeded(plain_regressor, 1024, 10, **_SHORT),
    "rank 16": seeded(plain_regressor, 1024, 16, **_SHORT),
}
if has_xrfm():
    MULTI_INDEX["xRFM"] = seeded(XRFMRegressor)


# As many random features as ELM has at its defaults, and half as many landmarks, for
# the smallest set has 614 training rows. Their own defaults, 100 features and gamma=1
# on any number of columns, would say little.
_fourier = seeded(RBFSampler, gamma="scale", n_components=1000)
_landmarks = seeded(Nystroem, n_components=500)


def _before(features, linear):
    return lambda seed: scaled(features(seed), linear())


def _mlp(task):
    return lambda seed: scaled_mlp(task, random_state=seed)


# One recipe for HalfNet and half layers on all sets. The other models have their
# defaults, but for the scaling and for the kernel approximations.
_WIDTH = 512
_LONG = {**_STANDARD, "batch_size": 256, "max_iter": 50}
_ON_TABLES = {
    "classification": {
        "halfnet": seeded(plain_classifier, _WIDTH, **_LONG),
        "half layer": seeded(HalfLayerClassifier, _WIDTH, **_LONG),
        "ELM": seeded(ELMClassifier, **_STANDARD),
        "RBFSampler, ridge": _before(_fourier, RidgeClassifier),
        "Nystroem, ridge": _before(_landmarks, RidgeClassifier),
        "Nystroem, logistic": _before(
            _landmarks, lambda: LogisticRegression(max_iter=1000)
        ),
        "boosting": seeded(HistGradientBoostingClassifier),
        "MLP": _mlp("classification"),
    },
    "regression": {
        "halfnet": seeded(plain_regressor, _WIDTH, **_LONG),
        "half layer": seeded(HalfLayerRegressor, _WIDTH, **_LONG),
        "ELM": seeded(ELMRegressor, **_STANDARD),
        "RBFSampler, ridge": _before(_fourier, Ridge),
        "Nystroem, ridge": _before(_landmarks, Ridge),
        "boosting": seeded(HistGradientBoostingRegressor),
        "MLP": _mlp("regression"),
    },
}


def names_on_tables(task):
    """Names of the models of table 6 for "classification" or "regression"."""
    return tuple(_ON_TABLES[task])


def fit_multi_index(data, seed, name):
    """Fit a model of ``MULTI_INDEX`` and score it on the test rows."""
    return _measured(MULTI_INDEX[name](seed), data)


def fit_rank_8(data, seed, name):
    """Fit a model of ``RANK_8``: its score, and which directions A has not found.

    Of each direction of ``ACTIVE``, the share of its length in the span of A.
    """
    model = RANK_8[name](seed)
    result = _measured(model, data)
    span = np.linalg.qr(model.factors_[0].astype(np.float64))[0]
    wanted = np.array(list(ACTIVE.values())) @ data.directions
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    found = np.linalg.norm(wanted @ span, axis=1)
    return result | {"found": dict(zip(ACTIVE, found.tolist(), strict=True))}


def fit_on_table(data, seed, name):
    """Fit a model of ``names_on_tables`` and score it on the test rows."""
    return _measured(_ON_TABLES[data.task][name](seed), data)


def _measured(model, data):
    seconds = fit_all_epochs(model, data)
    score = model.score(data.X_test, np.asarray(data.y_test))
    return {"test": score, "fit_seconds": seconds}
