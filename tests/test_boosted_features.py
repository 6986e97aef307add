"""Boosted random features: steps, folds, directions, stages."""

import subprocess
import sys

import numpy as np
import pytest
from callbacks import AfterEachPass
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.linear_model import Ridge

from sklearn_halfnet import BoostedFeaturesClassifier, BoostedFeaturesRegressor
from sklearn_halfnet.activations import ACTIVATIONS
from sklearn_halfnet.features.geometry import gradient_rows
from sklearn_halfnet.models.boosting import (
    LogisticLoss,
    SoftmaxLoss,
    SquaredLoss,
    _fold_numbers,
    _slopes,
)

RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 4))
Y = np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] + 0.1 * RNG.standard_normal(120)
CLASSES = np.digitize(Y, [-0.5, 0.5])
WEIGHT = RNG.uniform(0.5, 2, 120)
EXACT = {"n_layers": 3, "n_units": 20, "dtype": "float64", "random_state": 0}


def units(model, layer, scores):
    """Features of a layer, from its weights and the scores that it sees."""
    hidden = model.model_.layers[layer].hidden
    inputs = model.model_.scaling.dense_rows(X, np.float64)
    inputs = np.hstack([inputs, scores])[:, : hidden.weights.shape[1]]
    z = inputs @ model.weights_[layer].T * hidden.scales + hidden.shifts
    return np.maximum(z, 0)


def test_first_step_is_a_ridge_regression_of_scikit_learn():
    model = BoostedFeaturesRegressor(**(EXACT | {"n_layers": 1}), alpha=2.0)
    model.fit(X, Y, WEIGHT)
    scores = np.tile(model.model_.start, (len(X), 1))
    standardised = (Y - np.average(Y, weights=WEIGHT)) / np.sqrt(
        np.average((Y - np.average(Y, weights=WEIGHT)) ** 2, weights=WEIGHT)
    )
    H = units(model, 0, scores)
    ridge = Ridge(2.0).fit(H, standardised, WEIGHT / WEIGHT.mean())
    (layer,) = model.model_.layers
    length = layer.coef[0] @ ridge.coef_ / (ridge.coef_ @ ridge.coef_)
    assert 0 < length <= 1
    assert_allclose(layer.coef[0], length * ridge.coef_, rtol=1e-7)


def test_predictions_are_the_sum_of_the_steps():
    model = BoostedFeaturesRegressor(**EXACT).fit(X, Y)
    scores = np.tile(model.model_.start, (len(X), 1))
    stages = list(model.staged_predict(X))
    assert len(stages) == model.n_layers_ > 1
    for number, stage in enumerate(stages):
        layer = model.model_.layers[number]
        scores = scores + units(model, number, scores) @ layer.coef.T + layer.intercept
        expected = scores[:, 0] * model.model_.slope + model.model_.offset
        assert_allclose(stage, expected, rtol=1e-9)
    assert_array_equal(stages[-1], model.predict(X))


def test_staged_probabilities_end_at_those_predicted():
    model = BoostedFeaturesClassifier(**EXACT).fit(X, CLASSES)
    assert_array_equal(list(model.staged_predict_proba(X))[-1], model.predict_proba(X))
    assert_array_equal(list(model.staged_predict(X))[-1], model.predict(X))
    assert (np.diff(model.losses_) < 0).all()


@pytest.mark.parametrize("Loss", [SquaredLoss, LogisticLoss, SoftmaxLoss])
def test_the_response_minimises_an_upper_bound_of_the_loss(Loss):
    n_outputs = 3 if Loss is SoftmaxLoss else 2
    wanted = np.eye(3)[CLASSES][:, :n_outputs]
    share = WEIGHT / WEIGHT.sum()
    loss = Loss(wanted, share)
    scores = RNG.standard_normal(wanted.shape)
    curvature = {SquaredLoss: 1.0, LogisticLoss: 0.25, SoftmaxLoss: 0.5}[Loss]
    unit = 2 / loss.unit if Loss is SquaredLoss else 1.0
    response = loss.response(scores)
    steps = [RNG.standard_normal(wanted.shape) for _ in range(20)]
    for step in (*steps, response, 0.01 * response):
        bound = share @ ((step - response) ** 2 - response**2).sum(axis=1)
        bound *= unit * curvature / 2
        assert loss(scores + step) <= loss(scores) + bound + 1e-12


def test_start_is_the_best_constant():
    wanted, share = np.eye(3)[CLASSES], np.full(120, 1 / 120)
    found = softmax(SoftmaxLoss(wanted, share).start)
    assert_allclose(found, wanted.mean(axis=0), atol=0.01)
    found = expit(LogisticLoss(wanted, share).start)
    assert_allclose(found, wanted.mean(axis=0), atol=0.01)


def test_gradient_rows_give_the_mean_outer_product_of_gradients():
    W, coef = RNG.standard_normal((6, 4)), RNG.standard_normal((2, 6))
    share = WEIGHT / WEIGHT.sum()
    slopes = 1 - np.tanh(X @ W.T) ** 2
    gradients = np.einsum("kh,ih,hd->ikd", coef, slopes, W)
    expected = np.einsum("i,ikd,ike->de", share, gradients, gradients)
    rows = gradient_rows(W, slopes, coef, share)
    assert_allclose(rows.T @ rows, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_of_every_activation(activation):
    z = np.linspace(-2.03, 2, 30)
    ahead, behind = (ACTIVATIONS[activation].array(z + step) for step in (1e-6, -1e-6))
    assert_allclose(_slopes(z, activation), (ahead - behind) / 2e-6, atol=2e-3)


def test_directions_of_noise_are_isotropic_and_nothing_is_learned():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((150, 60))
    model = BoostedFeaturesRegressor(5, 50, random_state=0)
    model.fit(noise, rng.standard_normal(150))
    assert model.directions_ == "isotropic"
    new = rng.standard_normal((400, 60))
    assert model.predict(new).std() < 0.35


def test_gradient_directions_are_found_where_one_column_of_many_matters():
    rng = np.random.default_rng(1)
    wide = rng.standard_normal((600, 20))
    y = np.sin(2 * wide[:, 0])
    model = BoostedFeaturesRegressor(3, 100, random_state=0).fit(wide[:300], y[:300])
    isotropic = clone(model).set_params(directions="isotropic")
    isotropic.fit(wide[:300], y[:300])
    assert model.directions_ == "gradient"
    scores = [each.score(wide[300:], y[300:]) for each in (model, isotropic)]
    assert scores[0] > scores[1] + 0.2


def test_folds_have_equal_targets():
    key = RNG.standard_normal((100, 1))
    numbers = _fold_numbers(key, 5, np.random.default_rng(0))
    assert_array_equal(np.bincount(numbers), 20)
    means = [key[numbers == fold].mean() for fold in range(5)]
    assert np.std(means) < 0.05
    labels = np.eye(3)[np.arange(30) % 3]
    numbers = _fold_numbers(labels, 5, np.random.default_rng(0))
    assert all((labels[numbers == fold].sum(axis=0) == 2).all() for fold in range(5))


def test_depth_helps_where_a_layer_is_narrow():
    options = {"n_units": 30, "directions": "isotropic", "random_state": 0}
    rng = np.random.default_rng(0)
    many = rng.uniform(-2, 2, (1000, 2))
    y = np.sin(3 * many[:, 0] * many[:, 1])
    shallow, deep = (
        BoostedFeaturesRegressor(n_layers, **options).fit(many[:700], y[:700])
        for n_layers in (1, 10)
    )
    scores = [each.score(many[700:], y[700:]) for each in (shallow, deep)]
    assert scores[1] > scores[0] + 0.1


@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
@pytest.mark.parametrize(
    "y", [CLASSES > 0, CLASSES, np.eye(3, dtype=int)[CLASSES]], ids="bcm"
)
def test_every_loss_with_every_kind_of_labels_and_weights(loss, y):
    model = BoostedFeaturesClassifier(
        **EXACT,
        loss=loss,
        class_weight="balanced" if y.ndim == 1 else None,
    )
    model.fit(X, y, WEIGHT)
    probability = model.predict_proba(X)
    assert probability.shape == (120, probability.shape[1])
    assert (model.predict(X) == y).mean() > 0.7
    assert_allclose(model.predict_proba(sparse.csr_array(X)).shape, probability.shape)


def test_rows_of_no_weight_are_as_if_left_out():
    weight = np.where(np.arange(120) < 90, WEIGHT, 0)
    model = BoostedFeaturesRegressor(**EXACT)
    some = clone(model).fit(X[:90], Y[:90], WEIGHT[:90]).predict(X)
    assert_array_equal(model.fit(X, Y, weight).predict(X), some)


def test_scale_of_weights_is_of_no_account():
    model = BoostedFeaturesClassifier(**EXACT)
    one = clone(model).fit(X, CLASSES, WEIGHT).predict_proba(X)
    assert_allclose(model.fit(X, CLASSES, 1e-3 * WEIGHT).predict_proba(X), one)


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_few_rows_are_predicted_by_their_mean(n_rows):
    model = BoostedFeaturesRegressor(**EXACT).fit(X[:n_rows], Y[:n_rows])
    low, high = Y[:n_rows].min(), Y[:n_rows].max()
    span = 1e-9 + high - low
    assert (model.predict(X[:n_rows]) >= low - span).all()
    assert len(list(model.staged_predict(X))) == max(1, model.n_layers_)


def test_a_failed_refit_leaves_the_fit():
    model = BoostedFeaturesRegressor(**EXACT).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, np.where(Y > 0, Y, np.nan))
    assert_array_equal(model.predict(X), before)


def test_callbacks_see_each_layer_and_may_end_the_fit():
    watch = AfterEachPass(lambda model: model.predict_proba(X), stop_at=2)
    model = BoostedFeaturesClassifier(**EXACT, tol=0.0).set_callbacks(watch)
    model.fit(X, CLASSES)
    assert watch.max_subtasks == 3
    assert len(watch.seen) == 2
    assert_array_equal(watch.seen[-1], model.predict_proba(X))


def test_the_fit_imports_no_torch():
    code = (
        "import sys, numpy as np; import sklearn_halfnet as s; "
        "X = np.random.default_rng(0).normal(size=(40, 3)); "
        "s.BoostedFeaturesClassifier(2, 8).fit(X, X[:, 0] > 0).predict(X); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
