"""A process forked after a fit: its parent's threads are gone, and nobody waits."""

import multiprocessing

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.base import clone, is_classifier

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    ConvHalfLayerRegressor,
    ELMClassifier,
    HalfLayerClassifier,
    HalfNetClassifier,
    PartialCNNClassifier,
    PartialCNNRegressor,
    RandomFeatures,
    RVFLRegressor,
    SharedBackboneEnsembleClassifier,
    WeightAgnosticClassifier,
)
from sklearn_halfnet.estimators.closed_form import _base as closed_form

pytestmark = [
    pytest.mark.skipif(
        "fork" not in multiprocessing.get_all_start_methods(), reason="no fork here"
    ),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),
]

ONE = {"max_iter": 1, "random_state": 0}
IMAGES = {**ONE, "image_shape": (8, 8)}
CNN = {**IMAGES, "depth": 10, "width": 1}
MODELS = [
    HalfLayerClassifier(512, **ONE),
    HalfNetClassifier(256, polish="logistic", **ONE),
    ConvHalfLayerClassifier(64, **IMAGES),
    ConvHalfLayerRegressor(64, head="linear", **IMAGES),
    PartialCNNClassifier(**CNN),
    PartialCNNRegressor(**CNN, select="saliency", fraction=0.5),
    SharedBackboneEnsembleClassifier(PartialCNNClassifier(**CNN), 2, random_state=0),
    ELMClassifier(64, dtype="int8", random_state=0),
    ELMClassifier(128, random_state=0),
    RVFLRegressor(128, random_state=0),
    WeightAgnosticClassifier(**ONE),
    RandomFeatures(512, random_state=0, device="auto"),
]

rng = np.random.default_rng(0)
X = rng.standard_normal((400, 64)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture
def two_threads():
    """Waiting for a thread that is gone takes a second one."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def outputs(model):
    """What the model makes of the rows, in all ways that it has."""
    names = ("transform", "predict", "predict_proba", "transform_layers")
    found = [getattr(model, name)(X) for name in names if hasattr(model, name)]
    return np.hstack([np.asarray(part).reshape(len(X), -1) for part in flat(found)])


def flat(parts):
    for part in parts:
        yield from part if isinstance(part, list) else [part]


def predict_and_fit(model, expected):
    assert_allclose(outputs(model), expected, rtol=1e-3, atol=1e-3)
    clone(model).fit(X, Y)
    if is_classifier(model) and hasattr(model, "partial_fit"):
        clone(model).partial_fit(X, Y, classes=[0, 1])


@pytest.mark.parametrize("model", MODELS, ids=lambda m: repr(m)[:40])
def test_predict_and_fit_in_a_forked_process(model, two_threads, monkeypatch):
    # By integers also where the processor has no fast ones: torch computes them all.
    monkeypatch.setattr(closed_form, "has_fast_int8", lambda: True)
    expected = outputs(model.fit(X, Y))
    process = multiprocessing.get_context("fork").Process(
        target=predict_and_fit, args=(model, expected)
    )
    process.start()
    process.join(30)
    hangs = process.is_alive()
    if hangs:
        process.kill()
    process.join()
    assert not hangs
    assert process.exitcode == 0
