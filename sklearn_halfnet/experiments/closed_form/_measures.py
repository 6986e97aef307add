"""Measurements for ``halfnet reproduce closed-form``: one function a table row."""

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer

from sklearn_halfnet import DeskewResize, ELMClassifier, ELMRegressor
from sklearn_halfnet.experiments._common.epochs import fit_all_epochs
from sklearn_halfnet.experiments._common.measures import timed
from sklearn_halfnet.experiments._common.memory import in_fresh_process, peak_memory
from sklearn_halfnet.experiments._common.recipes import FIELDS
from sklearn_halfnet.experiments.closed_form._reference_elm import ReferenceELM
from sklearn_halfnet.experiments.closed_form._rival_worker import calibration

__all__ = [
    "accuracy",
    "against_reference",
    "calibration_error",
    "many_rows",
    "memory",
    "receptive_fields_against_mlp",
]

IMAGES = {"input_scaling": "center"}
RIDGE = 100.0
PLAIN = {**IMAGES, "activation": "cos", "scale": 0.7}
# What comes before the units, and their options: chosen on 10,000 held-out training
# rows of MNIST.
RECIPES = {
    "fields": (lambda: [Normalizer()], FIELDS),
    "plain": (lambda: [FunctionTransformer(np.sqrt), Normalizer()], PLAIN),
    "upright": (
        lambda: [
            DeskewResize(output_shape=(28, 28)),
            FunctionTransformer(np.sqrt),
            Normalizer(),
        ],
        PLAIN,
    ),
}
# What is timed beside the reference: the default, with a strength that is given as the
# reference's is, and in 8 bits.
VARIANTS = {
    "default": {},
    "given": {"alpha": RIDGE},
    "int8": {"dtype": "int8"},
    "int8_given": {"dtype": "int8", "alpha": RIDGE},
}


def _arrays(data):
    classes, y = np.unique(data.y_train, return_inverse=True)
    return data.X_train, y, data.X_test, np.searchsorted(classes, data.y_test)


def against_reference(data, seed, n_units=2048):
    """Fit the reference, then each variant of ours, in turn."""
    X, y, X_test, y_test = _arrays(data)
    reference = ReferenceELM(n_units, RIDGE, seed)
    _, seconds = timed(lambda: reference.fit(X, y))
    test = 100 * float((reference.predict(X_test) == y_test).mean())
    result = {"reference": seconds, "reference_test": test}
    for name, options in VARIANTS.items():
        model = ELMClassifier(n_units, **IMAGES, **options, random_state=seed)
        _, result[name] = timed(lambda model=model: model.fit(X, y))
        result[f"{name}_ratio"] = result[name] / result["reference"]
        result[f"{name}_test"] = 100 * model.score(X_test, y_test)
    return result


def memory(data, seed, n_units=2048):
    """Peak above the data of one fit, in a fresh process."""
    arguments = (*_arrays(data)[:2], {"hidden_layer_sizes": n_units, **IMAGES})
    return {"peak_mb": in_fresh_process(_fit_and_watch, *arguments)}


def _fit_and_watch(X, y, options):
    ELMClassifier(**{**options, "hidden_layer_sizes": 8}).fit(X[:300], y[:300])
    with peak_memory() as peak:
        ELMClassifier(**options).fit(X, y)
    return peak["mb"]


def accuracy(data, seed, n_units, recipe):
    """Test accuracy of units as one of ``RECIPES``; seconds of the whole pipeline."""
    before, options = RECIPES[recipe]
    model = ELMClassifier(n_units, **options, random_state=seed)
    model = make_pipeline(*before(), model)
    X, y, X_test, y_test = _arrays(data)
    _, seconds = timed(lambda: model.fit(X, y))
    return {"test": 100 * model.score(X_test, y_test), "seconds": seconds}


def receptive_fields_against_mlp(data, seed):
    """2,000 receptive fields, then MLPClassifier((32,), max_iter=10)."""
    result = accuracy(data, seed, 2000, "fields")
    mlp = MLPClassifier((32,), max_iter=10, random_state=seed)
    result["mlp"] = fit_all_epochs(mlp, data)
    result["mlp_test"] = 100 * mlp.score(data.X_test, data.y_test)
    result["ratio"] = result["seconds"] / result["mlp"]
    return result


def calibration_error(data, seed, n_units=2000, **options):
    """Judge the probabilities of the default ELM on the test rows."""
    X, y, X_test, y_test = _arrays(data)
    model = ELMClassifier(n_units, **options, random_state=seed).fit(X, y)
    judged = calibration(model.predict_proba(X_test), y_test)
    error = judged.pop("calibration_error")
    return {"error": error, "test": 100 * model.score(X_test, y_test), **judged}


def many_rows(seed, n_rows=2_000_000, n_features=100, n_units=1000):
    """Fit rows that are made block by block, and watch memory, in a fresh process."""
    return in_fresh_process(_fit_made_rows, seed, n_rows, n_features, n_units)


def _fit_made_rows(seed, n_rows, n_features, n_units, block=50_000):
    def blocks(n_rows):
        rng = np.random.default_rng(seed)
        for start in range(0, n_rows, block):
            n_here = min(block, n_rows - start)
            X = rng.standard_normal((n_here, n_features), dtype=np.float32)
            yield X, np.sin(X[:, 0]) + X[:, 1] * X[:, 2]

    model = ELMRegressor(n_units, random_state=seed)
    ELMRegressor(8).fit_blocks(blocks(300))
    with peak_memory() as peak:
        _, seconds = timed(lambda: model.fit_blocks(blocks(n_rows)))
    return {
        "seconds": seconds,
        "peak_mb": peak["mb"],
        "n_rows": model.gram_.n_samples,
    }
