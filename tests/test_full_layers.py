"""Fully trained layers before half layers."""

import itertools
import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LinearRegression

from sklearn_halfnet import (
    ConvHalfLayerClassifier,
    HalfLayerClassifier,
    HalfLayerRegressor,
)
from sklearn_halfnet.networks.dropout import Dropout
from sklearn_halfnet.solvers.losses import Objective

rng = np.random.default_rng(0)
X, Y = load_digits(return_X_y=True)
X, Y = X[:300], Y[:300]
QUICK = {"max_iter": 3, "random_state": 0}
CONV = {
    **{"image_shape": (8, 8), "filters": (3,), "kernel_sizes": (3,)},
    **{"paddings": ("same",), "max_iter": 1, "random_state": 0},
}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def by_hand(model, hidden):
    """Scores of layers z = g(scales * (W z) + shifts), with g the tangent."""
    for layer in zip(model.weights_, model.scales_, model.shifts_, strict=True):
        weights, scales, shifts = layer
        hidden = np.tanh(scales * (hidden @ weights.T) + shifts)
    return hidden @ model.read_out_coef_.T + model.read_out_intercept_


@pytest.mark.parametrize("full", [6, (6,), [6, 5], np.array([6, 5])])
def test_scores_are_what_the_equations_say(full):
    model = HalfLayerClassifier(
        (9, 7), ["binary", "normal"], "tanh", full_layer_sizes=full, **QUICK
    ).set_params(input_scaling=None, dtype="float64")
    model.fit(X / 16, Y)
    sizes = [64, *np.atleast_1d(full), 9, 7]
    shapes = [weights.shape for weights in model.weights_]
    assert shapes == [(a, b) for b, a in itertools.pairwise(sizes)]
    assert model.n_layers_ == len(shapes)
    assert set(np.unique(model.weights_[-2])) == {-1, 1}
    scores = by_hand(model, X / 16)
    assert_allclose(model.decision_function(X / 16), scores, atol=1e-9)
    outputs = model.transform_layers(X / 16)
    assert [each.shape[1] for each in outputs] == sizes[1:]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_full_weights_learn_and_half_weights_do_not(solver):
    start, end = (
        HalfLayerClassifier(
            8, full_layer_sizes=(6, 5), max_iter=n, solver=solver, random_state=0
        ).set_params(learning_rate_init=rate, learning_rate="constant", tol=tol)
        for n, rate, tol in ((1, 1e-12, 1e9), (3, 1e-2, 1e-4))
    )
    start.fit(X, Y), end.fit(X, Y)
    for before, after in zip(start.weights_[:2], end.weights_[:2], strict=True):
        assert np.abs(after - before).max() > 1e-3
    assert_array_equal(end.weights_[2], start.weights_[2])
    assert np.abs(end.scales_[2] / start.scales_[2] - 1).max() > 1e-3
    # A full unit has one factor too many: its weights.
    assert_array_equal(end.scales_[0], start.scales_[0])


def test_pre_activations_start_with_unit_variance():
    model = HalfLayerClassifier(400, full_layer_sizes=300, max_iter=1, random_state=0)
    model.set_params(learning_rate_init=1e-12, input_scaling=None, dtype="float64")
    model.fit(X, Y)
    hidden = [X, *model.transform_layers(X)]
    for below, weights, scales in zip(
        hidden, model.weights_, model.scales_, strict=False
    ):
        assert_allclose((below @ weights.T * scales).std(axis=0), 1, rtol=1e-3)


@pytest.mark.parametrize(
    "model",
    [
        HalfLayerClassifier(20, full_layer_sizes=(6, 5)),
        ConvHalfLayerClassifier(20, full_layer_sizes=(6,), **CONV),
        ConvHalfLayerClassifier(20, full_layer_sizes=6, head="full", **CONV),
        ConvHalfLayerClassifier(20, full_layer_sizes=6, head="linear", **CONV),
    ],
)
def test_number_of_trained_parameters(model):
    model.set_params(**QUICK).fit(X, Y)
    network = model.model_.module(torch.device("cpu"))
    trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert model.n_trainable_parameters_ == trained
    if isinstance(model, HalfLayerClassifier):
        assert trained == 65 * 6 + 7 * 5 + 2 * 20 + 21 * 10
    stored = [*model.weights_, *model.scales_, *model.shifts_]
    assert model.n_stored_bytes_ >= sum(array.nbytes for array in stored)


@pytest.mark.parametrize(
    "model",
    [
        HalfLayerClassifier(4, full_layer_sizes=(3, 5), random_state=0),
        ConvHalfLayerClassifier(4, full_layer_sizes=5, **CONV),
        ConvHalfLayerClassifier(4, full_layer_sizes=5, head="linear", **CONV),
    ],
)
def test_gradients_equal_finite_differences(model):
    rows, labels = X[:12] / 16, Y[:12]
    model.set_params(dtype="float64", activation="tanh", max_iter=1).fit(rows, labels)
    network = model.model_.module(torch.device("cpu"))
    compute, _, _ = model.model_.inputs(rows)
    objective = Objective(network, "softmax", alpha=0.1)
    inputs = torch.from_numpy(compute(np.arange(12)))
    batch = (inputs, torch.from_numpy(np.searchsorted(model.classes_, labels)), None)
    objective(*batch).backward()
    for parameter in objective.parameters():
        flat, gradient = parameter.detach().view(-1), parameter.grad.view(-1)
        for i in range(0, len(flat), 11):
            flat[i] += 1e-6
            above = objective(*batch).item()
            flat[i] -= 2e-6
            slope = (above - objective(*batch).item()) / 2e-6
            flat[i] += 1e-6
            assert_allclose(slope, gradient[i], atol=1e-5)


def test_linear_layers_find_least_squares():
    """However many linear layers there are, together they are one linear map."""
    rows = rng.standard_normal((80, 5))
    y = rows @ [1, -2, 0, 0.5, 3] + rng.standard_normal(80)
    model = HalfLayerRegressor(
        8, activation="identity", full_layer_sizes=6, solver="lbfgs", alpha=0
    ).set_params(dtype="float64", init="random", random_state=0, max_iter=500)
    model.set_params(tol=1e-9, input_scaling="standard").fit(rows, y)
    expected = LinearRegression().fit(rows, y).predict(rows)
    assert_allclose(model.predict(rows), expected, atol=1e-4)


def test_sparse_rows_and_a_small_cache_change_nothing():
    model = HalfLayerClassifier(16, full_layer_sizes=6, input_scaling="center", **QUICK)
    model.set_params(dtype="float64")
    expected = clone(model).fit(X, Y).decision_function(X)
    of_sparse = clone(model).fit(sparse.csr_array(X), Y)
    assert_allclose(of_sparse.decision_function(X), expected, atol=1e-9)
    computed_again = clone(model).set_params(cache_size=0).fit(X, Y)
    assert_array_equal(computed_again.decision_function(X), expected)


@pytest.mark.parametrize(
    "options",
    [
        {"dropout": 0.3},
        {"column_embedding": "periodic"},
        {"polish": True},
        {"early_stopping": True},
        {"weight_kind": ["principal"]},
        {"weight_kind": "class_sums", "class_weight": "balanced"},
        {"label_smoothing": 0.1, "solver": "lbfgs"},
    ],
    ids=str,
)
def test_every_option_works_with_full_layers(options):
    model = HalfLayerClassifier(64, full_layer_sizes=16, max_iter=8, random_state=0)
    model.set_params(**options).fit(X, Y)
    assert model.score(X, Y) > 0.9
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_dropout_reaches_every_layer_in_training_only():
    model = HalfLayerClassifier((4, 3), full_layer_sizes=(6, 5), **QUICK).fit(X, Y)
    network, widths = model.model_.module(torch.device("cpu")), []

    class Watched(Dropout):
        def _drawn(self, hidden):
            widths.append(hidden.shape[1])
            return super()._drawn(hidden)

    network.dropout = Watched(0.5, np.random.default_rng(0))
    inputs = torch.from_numpy(model.model_.inputs(X)[0](np.arange(9)))
    network.train()(inputs)
    assert widths == [6, 5, 4, 3]
    network.eval()(inputs)
    assert len(widths) == 4


def test_training_goes_on_with_the_same_layers():
    model = HalfLayerClassifier(8, full_layer_sizes=6, warm_start=True, **QUICK)
    frozen = model.fit(X, Y).weights_[1]
    trained = model.weights_[0]
    model.fit(X, Y)
    assert_array_equal(model.weights_[1], frozen)
    assert np.abs(model.weights_[0] - trained).max() > 1e-4
    before = model.predict_proba(X)
    for other in ((), 7, (6, 6)):
        with pytest.raises(ValueError, match="full_layer_sizes changed since"):
            clone(model).fit(X, Y).set_params(full_layer_sizes=other).fit(X, Y)
    assert_array_equal(model.predict_proba(X), before)


def test_partial_fit():
    model = HalfLayerClassifier(32, full_layer_sizes=16, random_state=0)
    for _ in range(20):
        model.partial_fit(X, Y, classes=np.arange(10))
    assert model.score(X, Y) > 0.9
    assert [w.shape for w in model.weights_] == [(16, 64), (32, 16)]


@pytest.mark.parametrize("wrong", [0, -3, (4, 0), (2.5,), [[3]], "wide", None])
@pytest.mark.parametrize("family", [HalfLayerClassifier, ConvHalfLayerClassifier])
def test_wrong_sizes_are_named(family, wrong):
    options = CONV if family is ConvHalfLayerClassifier else QUICK
    model = family(8, **options).fit(X, Y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="full_layer_sizes"):
        model.set_params(full_layer_sizes=wrong).fit(X, Y)
    assert_array_equal(model.predict_proba(X), before)


def test_kinds_are_those_of_half_layers():
    with pytest.raises(ValueError, match="2 kinds for 1 hidden layers"):
        HalfLayerClassifier(8, ["normal", "binary"], full_layer_sizes=6).fit(X, Y)


def test_too_many_weights_are_refused_before_they_are_drawn():
    with pytest.raises(MemoryError, match=r"behind full_layer_sizes=\[1000000000\]"):
        HalfLayerClassifier(8, full_layer_sizes=10**9).fit(X, Y)
