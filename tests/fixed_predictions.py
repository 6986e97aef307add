"""Predictions of every family on fixed seeds, to be held against later code.

``python tests/fixed_predictions.py store FILE`` before a change of the structure, and
``... compare FILE`` after it, on the same machine: what is computed by the same
arithmetic is the same to the last bit, and the command says of every case that is not
by how much it differs.
"""

import os
import pickle
import sys
import warnings

import numpy as np
from dask import array as da
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    DeskewResize,
    ELMClassifier,
    ELMRegressor,
    HalfLayerClassifier,
    HalfLayerRegressor,
    HalfNetClassifier,
    HalfNetRegressor,
    PartialCNNClassifier,
    PartialCNNRegressor,
    RandomFeatures,
    RandomNetwork,
    RVFLClassifier,
    RVFLRegressor,
    SharedBackboneEnsembleClassifier,
    WeightAgnosticClassifier,
    WeightAgnosticRegressor,
    dask as halfnet_dask,
)

# As in conftest.py: kernels that do not crash on old processors.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX")

SEED = {"random_state": 0}
SHORT = {**SEED, "max_iter": 5}
BATCHES = {**SHORT, "hidden_layer_sizes": (40, 20), "batch_size": 32}
PIXELS = {"image_shape": (8, 8), "batch_size": 100}
CONV = {
    **SEED,
    **PIXELS,
    **{"max_iter": 2, "filters": (4, 6), "kernel_sizes": (3, 3)},
    **{"paddings": ("same", "valid"), "pool_size": 2, "hidden_layer_sizes": 30},
}
VGG = {**SEED, **PIXELS, "architecture": "vgg", "depth": 3, "width": 8, "max_iter": 2}
WRN = {**SEED, **PIXELS, "architecture": "wrn", "depth": 10, "width": 1, "max_iter": 1}
SEARCH = {**SEED, "max_iter": 15, "population_size": 12}

# Fitted on labels and on real targets alike, but for the regressors.
FITTED = {
    "elm": ELMClassifier(**SEED),
    "elm given alpha": ELMClassifier(300, "binary", "tanh", alpha=1.0, **SEED),
    "elm deep ensemble": ELMClassifier((60, 40), read_out="ensemble", **SEED),
    "elm int8": ELMClassifier(200, dtype="int8", **SEED),
    "elm float64 loo": ELMClassifier(150, dtype="float64", alpha="loo", **SEED),
    "elm balanced": ELMClassifier(150, class_weight="balanced", **SEED),
    "elm regressor": ELMRegressor(**SEED),
    "elm regressor loo": ELMRegressor(200, alpha="loo", alphas=[0.1, 1, 10], **SEED),
    "rvfl": RVFLClassifier(200, "class_sums", input_scaling="center", **SEED),
    "rvfl deep": RVFLRegressor((50, 30), read_out="ensemble", **SEED),
    "half layer": HalfLayerClassifier(**SHORT),
    "half layer deep": HalfLayerClassifier(**BATCHES, early_stopping=True),
    "half layer instances": HalfLayerClassifier(90, "instances", **SHORT),
    "half layer sparse, random": HalfLayerClassifier(
        80, "sparse", init="random", alpha=1e-3, learning_rate="constant", **SHORT
    ),
    "half layer lbfgs, polished": HalfLayerClassifier(
        50, solver="lbfgs", polish=True, dtype="float64", **SHORT
    ),
    "half layer regressor": HalfLayerRegressor(**SHORT),
    "half layer regressor deep": HalfLayerRegressor(**BATCHES, polish=True),
    "halfnet": HalfNetClassifier(**SHORT),
    "halfnet deep": HalfNetClassifier(**BATCHES, early_stopping=True),
    "halfnet logistic": HalfNetClassifier(50, polish="logistic", **SHORT),
    "halfnet redrawn": HalfNetClassifier(50, resample_every=2, **SHORT),
    "halfnet raw, lbfgs": HalfNetClassifier(
        50, solver="lbfgs", input_scaling=None, train_scales=False, **SHORT
    ),
    "halfnet regressor": HalfNetRegressor(**SHORT),
    "halfnet regressor ridge": HalfNetRegressor(60, polish="ridge", **SHORT),
    "weight-agnostic": WeightAgnosticClassifier(**SEARCH),
    "weight-agnostic tuned": WeightAgnosticClassifier(**SEARCH, predict_with="tuned"),
    "weight-agnostic evolution": WeightAgnosticClassifier(
        **SEARCH, search="evolution", dtype="float64"
    ),
    "weight-agnostic regressor": WeightAgnosticRegressor(**SEARCH),
}
IMAGES = {
    "conv half": ConvHalfLayerClassifier(**CONV),
    "conv full": ConvHalfLayerClassifier(**CONV, head="full"),
    "conv linear": ConvHalfLayerClassifier(**CONV, head="linear"),
    "vgg filters": PartialCNNClassifier(**VGG, fraction=0.5, flips=True),
    "vgg salient": PartialCNNClassifier(**VGG, fraction=0.3, select="saliency"),
    "vgg zeroed, half head": PartialCNNClassifier(
        **VGG, frozen="zero", fraction=0.5, head="half", hidden_layer_sizes=20
    ),
    "wrn classifier": PartialCNNClassifier(**WRN, trainable="classifier"),
    "wrn adam": PartialCNNRegressor(**WRN, solver="adam", trainable="batch_norm"),
    "backbone": SharedBackboneEnsembleClassifier(
        PartialCNNClassifier(**VGG), n_estimators=2, **SEED
    ),
    "backbone from a start": SharedBackboneEnsembleClassifier(
        PartialCNNClassifier(**VGG), n_estimators=2, shared_max_iter=1, **SEED
    ),
}
TRANSFORMERS = {
    "random features": RandomFeatures(150, **SEED),
    "fourier features": RandomFeatures(150, activation="cos", gamma="scale", **SEED),
    "direct links": RandomFeatures(50, "class_sums", direct_links=True, **SEED),
    "random network": RandomNetwork((40, 40), "tanh", **SEED),
    "deskewed": DeskewResize((8, 8), (4, 4)),
}


def predictions():
    """Yield (name, array) of every case."""
    X, y = load_iris(return_X_y=True)
    digits, labels = load_digits(return_X_y=True)
    digits, labels = digits[:600], labels[:600]
    cancer = load_breast_cancer(return_X_y=True)
    diabetes = load_diabetes(return_X_y=True)
    two = diabetes[0], np.stack([diabetes[1], diabetes[0][:, 2] * 1e3], axis=1)
    for name, estimator in FITTED.items():
        sets = {"diabetes": diabetes, "two outputs": two}
        if is_classifier(estimator):
            sets = {"iris": (X, y), "cancer": cancer, "digits": (digits, labels)}
        for data, rows in sets.items():
            yield from _of_fit(f"{name}, {data}", clone(estimator), *rows)
    for name, estimator in IMAGES.items():
        yield from _of_fit(name, clone(estimator), digits, labels)
    for name, estimator in TRANSFORMERS.items():
        yield name, clone(estimator).fit(digits, labels).transform(digits)
    yield from _of_chunks(digits, labels)
    yield from _of_what_goes_on(X, y, digits, labels)
    yield from _of_dask(digits, labels, *diabetes)


def _of_fit(name, model, X, y):
    weight = 1 + np.arange(len(y)) % 3 if "int8" not in name else None
    if "backbone" in name:
        weight = None
    model.fit(X[:-20], y[:-20], None if weight is None else weight[:-20])
    model = pickle.loads(pickle.dumps(model))
    how = "predict_proba" if is_classifier(model) else "predict"
    yield name, getattr(model, how)(X)


def _of_chunks(X, y):
    classes = np.unique(y)
    for name in ("elm", "rvfl", "half layer", "halfnet deep", "conv half"):
        model = clone((FITTED | IMAGES)[name]).set_params(random_state=1)
        if "early_stopping" in model.get_params():
            model.set_params(early_stopping=False)
        for start in range(0, 600, 200):
            rows = slice(start, start + 200)
            model.partial_fit(X[rows], y[rows], classes)
        yield f"{name}, partial_fit", model.predict_proba(X)
    model = ELMClassifier(100, **SEED)
    blocks = [(X[i : i + 150], y[i : i + 150]) for i in range(0, 600, 150)]
    yield "elm, fit_blocks", model.fit_blocks(blocks).predict_proba(X)


def _of_what_goes_on(X, y, digits, labels):
    for name in ("half layer", "halfnet", "weight-agnostic"):
        model = clone(FITTED[name]).set_params(warm_start=True)
        yield f"{name}, warm start", model.fit(X, y).fit(X, y).predict_proba(X)
    model = clone(IMAGES["vgg filters"]).set_params(warm_start=True)
    model.fit(digits, labels).fit(digits, labels)
    yield "vgg filters, warm start", model.predict_proba(digits)
    model = HalfNetClassifier(60, **SHORT).fit(X, y)
    yield "halfnet, resampled", model.resample(X, y, random_state=1).predict_proba(X)
    yield "halfnet, embedded", model.transform(X)
    model = WeightAgnosticClassifier(**SEARCH).fit(X, y)
    yield "weight-agnostic, trained", model.train_weights(X, y).predict_proba(X)
    model = HalfLayerClassifier((40, 20), **SHORT).fit(X, y)
    yield "half layer, last layer", model.transform_layers(X)[-1]


def _of_dask(X, y, X_real, y_real):
    cases = {
        "elm": (ELMClassifier(100, **SEED), X, y),
        "rvfl": (RVFLRegressor(80, alpha="loo", **SEED), X_real, y_real),
        "half layer": (HalfLayerClassifier(40, solver="lbfgs", **SHORT), X, y),
    }
    for name, (model, rows, targets) in cases.items():
        chunks = (len(rows) // 3, -1)
        halfnet_dask.fit(model, da.from_array(rows, chunks=chunks), np.asarray(targets))
        yield f"{name}, dask", model.predict(rows)


def main(action, path):
    """Store the predictions in a file, or compare them with those of a file.

    Returns
    -------
    n_changed : int
    """
    warnings.simplefilter("ignore")
    if action == "store":
        np.savez(path, **{name: np.asarray(values) for name, values in predictions()})
        return 0
    before, n_changed = np.load(path), 0
    for name, values in predictions():
        old = before[name]
        if np.array_equal(old, values, equal_nan=True):
            continue
        n_changed += 1
        by = np.abs(old - values).max() if old.shape == values.shape else "shape"
        print(f"{name}: changed by {by} of {np.abs(old).max():.3g}", flush=True)
    print(f"{n_changed} of {len(before)} cases changed")
    return n_changed


if __name__ == "__main__":
    sys.exit(min(1, main(*sys.argv[1:])))
