"""Losses of regressors: values, predictions, and all that follows the loss."""

import pickle
from functools import partial

import dask.array as da
import numpy as np
import pytest
import torch
from callbacks import AfterEachPass
from exported import run_c, run_onnx
from numpy.testing import assert_allclose, assert_array_equal
from sklearn._loss.loss import (
    AbsoluteError,
    HalfGammaLoss,
    HalfPoissonLoss,
    HalfSquaredError,
    HuberLoss,
    PinballLoss,
)
from sklearn.base import clone
from sklearn.metrics import (
    d2_absolute_error_score,
    d2_pinball_score,
    d2_tweedie_score,
    r2_score,
)

import sklearn_halfnet.dask
from sklearn_halfnet import (
    ConvHalfLayerRegressor,
    HalfLayerRegressor,
    HalfNetRegressor,
    PartialCNNRegressor,
)
from sklearn_halfnet.models.regression_losses import REGRESSION_LOSSES
from sklearn_halfnet.solvers.losses import LOSSES, Objective

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*solver='lbfgs' stopped:sklearn.exceptions.ConvergenceWarning"
)

EXACT = {"dtype": "float64", "batch_size": "full", "max_iter": 6, "random_state": 0}
# What "auto" is for few rows would learn too little in six passes.
LEARNS = {"dropout": 0, "learning_rate_init": 0.01}
HALF = HalfLayerRegressor(8, **EXACT)
NET = HalfNetRegressor(8, n_members=2, column_embedding=None, **LEARNS, **EXACT)
FAMILIES = [HALF, NET]
UNTRAINED = {"learning_rate_init": 1e-12, "max_iter": 1}
# One each, and several quantiles.
EACH = [{"loss": name} for name in REGRESSION_LOSSES]
EACH.append({"loss": "quantile", "quantile": (0.1, 0.5, 0.9)})

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 4))
COUNTS = rng.poisson(3 * np.exp(0.5 * X[:, 0])).astype(float)
# Of every loss's range, and with far values.
Y = 2 + COUNTS**2 + rng.random(60)
WEIGHT = rng.uniform(0.1, 3, 60)


def each_family(function):
    ids = ["half layer", "HalfNet"]
    return pytest.mark.parametrize("family", FAMILIES, ids=ids)(function)


def each_loss(function, losses=EACH):
    def name(options):
        return options["loss"] + ("s" if "quantile" in options else "")

    return pytest.mark.parametrize("options", losses, ids=name)(function)


def made(family, **options):
    return clone(family).set_params(**options)


# -- values ----------------------------------------------------------------------------

DELTA, LEVEL = 0.7, 0.8
OURS = {
    "squared_error": LOSSES["squared_error"],
    "absolute_error": LOSSES["absolute_error"],
    "huber": partial(LOSSES["huber"], epsilon=DELTA),
    "quantile": partial(LOSSES["quantile"], levels=(LEVEL,)),
    "poisson": LOSSES["poisson"],
    "gamma": LOSSES["gamma"],
}
THEIRS = {
    "squared_error": HalfSquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": HuberLoss(delta=DELTA),
    "quantile": PinballLoss(quantile=LEVEL),
    "poisson": HalfPoissonLoss(),
    "gamma": HalfGammaLoss(),
}


class Scores(torch.nn.Module):
    """A network whose scores are its parameters."""

    def __init__(self, scores):
        super().__init__()
        self.scores = torch.nn.Parameter(scores)

    def forward(self, inputs):
        return self.scores

    def penalised(self):
        return []


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_value_and_gradient_are_those_of_scikit_learn(name, weighted):
    raw, y = rng.standard_normal(60), COUNTS + 0.5
    weight = WEIGHT if weighted else None
    loss, gradient = THEIRS[name].loss_gradient(y, raw, weight)
    network = Scores(torch.tensor(raw[:, None]))
    tensors = torch.tensor(y[:, None]), torch.tensor(weight) if weighted else None
    found = Objective(network, OURS[name], 0.0)(None, *tensors)
    found.backward()
    assert_allclose(found.item(), loss.mean(), rtol=1e-6)
    assert_allclose(60 * network.scores.grad[:, 0], gradient, rtol=1e-6)


def test_several_outputs_count_their_mean():
    scores, y = torch.randn(7, 2), torch.rand(7, 2)
    for name, loss in OURS.items():
        both = torch.stack([loss(scores[:, [k]], y[:, [k]]) for k in (0, 1)])
        assert_allclose(loss(scores, y), both.mean(dim=0), rtol=1e-5, err_msg=name)


def test_quantiles_are_trained_in_the_order_in_which_they_are_predicted():
    levels, y = (0.2, 0.7), torch.tensor([[1.0, 1.0]])
    loss = partial(LOSSES["quantile"], levels=levels)
    in_order = loss(torch.tensor([[0.0, 3.0]]), y)
    assert_allclose(in_order, (0.2 * 1 + 0.3 * 2) / 2, rtol=1e-6)
    assert loss(torch.tensor([[3.0, 0.0]]), y) == in_order


# -- a whole training ------------------------------------------------------------------


def unit_of(y, loss):
    """Centre and scale, as the guide has them."""
    if loss == "squared_error":
        return y.mean(), y.std()
    if loss in ("poisson", "gamma"):
        return 0.0, y.mean()
    # Of 41 rows there is one in the middle.
    centre = np.median(y)
    return centre, np.median(np.abs(y - centre)) / 0.6745


def judged(y, predicted, loss):
    """Mean loss and D2 of predictions by scikit-learn, in a unit of y."""
    centre, scale = unit_of(Y[:41], loss)
    raw, y = (predicted - centre) / scale, (y - centre) / scale
    if loss in ("poisson", "gamma"):
        raw, power = np.log(raw), 1 if loss == "poisson" else 2
        score = d2_tweedie_score(y, np.exp(raw), sample_weight=WEIGHT[41:], power=power)
    elif loss == "squared_error":
        score = r2_score(y, raw, sample_weight=WEIGHT[41:])
    elif loss == "quantile":
        score = d2_pinball_score(y, raw, sample_weight=WEIGHT[41:], alpha=LEVEL)
    else:
        score = d2_absolute_error_score(y, raw, sample_weight=WEIGHT[41:])
    losses = THEIRS[loss].loss(np.ascontiguousarray(y), np.ascontiguousarray(raw))
    return np.average(losses, weights=WEIGHT[41:]), score


@each_family
@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_losses_and_scores_of_each_pass(family, loss):
    held = {"X_val": X[41:], "y_val": Y[41:], "sample_weight_val": WEIGHT[41:]}
    see = AfterEachPass(lambda now: judged(Y[41:], now.predict(X[41:]), loss))
    model = made(family, loss=loss, quantile=LEVEL, epsilon=DELTA, max_iter=3)
    model.set_callbacks(see).fit(X[:41], Y[:41], **held)
    losses, scores = zip(*see.seen, strict=True)
    assert_allclose(model.validation_losses_, losses, rtol=1e-6)
    if loss != "huber":  # which has no D2 in scikit-learn
        assert_allclose(model.validation_scores_, scores, rtol=1e-6)


def best_constant(loss, y):
    if loss in ("absolute_error", "quantile"):
        return np.quantile(
            y, LEVEL if loss == "quantile" else 0.5, method="inverted_cdf"
        )
    if loss != "huber":
        return y.mean()
    _, scale = unit_of(y, loss)
    grid = np.linspace(y.min(), y.max(), 20_001)
    of_each = [THEIRS[loss].loss((y - g) / scale, np.zeros(41)).mean() for g in grid]
    return grid[np.argmin(of_each)]


@pytest.mark.parametrize("init", ["ridge", "random"])
@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_training_starts_from_the_best_constant(loss, init):
    """Of columns that say nothing, with units that are zero."""
    model = made(HALF, loss=loss, quantile=LEVEL, epsilon=DELTA, init=init, **UNTRAINED)
    model.set_params(weight_kind=np.zeros((8, 4)), activation="sin")
    model.set_params(alpha=1.0) if init == "random" else None
    y = Y[:41]
    predicted = model.fit(np.ones((41, 4)), y).predict(np.ones((2, 4)))
    if init == "random":  # of coefficients that do not know of the loss
        coef = model.read_out_coef_ @ model.transform_layers(np.ones((1, 4)))[0][0]
        assert_allclose(np.ptp(predicted), 0, atol=1e-9)
        predicted = (
            predicted - coef
            if np.isin(loss, ("poisson", "gamma")) < 1
            else (predicted / np.exp(coef))
        )
    rtol = 1e-3 if loss == "huber" else 1e-6
    assert_allclose(predicted, best_constant(loss, y), rtol=rtol)


@each_family
@each_loss
def test_the_unit_of_y_changes_nothing(family, options):
    model = made(family, **options)
    first, other = clone(model).fit(X, Y), clone(model).fit(X, 8 * Y)
    assert_allclose(other.predict(X), 8 * first.predict(X), rtol=1e-9)
    assert_allclose(other.alpha_, first.alpha_, rtol=1e-9)
    if options["loss"] in ("squared_error", "huber"):
        moved = clone(model).fit(X, Y - 40)
        assert_allclose(moved.predict(X), first.predict(X) - 40, rtol=1e-6)
    elif options["loss"] in ("absolute_error", "quantile"):
        # An error of zero, of the row at the quantile, may be one of 1e-16.
        moved = clone(model).fit(X, Y - 40)
        assert_allclose(moved.predict(X), first.predict(X) - 40, atol=0.1 * Y.std())


def test_strength_of_the_penalty_follows_the_loss():
    """Against least squares by the variances that estimates have of normal errors."""
    # Where cross-validation has a clear choice of the strength, whatever the unit.
    draw = np.random.default_rng(5).standard_normal
    features, noise = draw((1_500, 2)), 0.1 * draw(1_500)
    y, model = features @ [1.0, 1.0] + noise, HalfLayerRegressor(10, random_state=0)
    model.set_params(**UNTRAINED, activation="identity", input_scaling="standard")
    squared = clone(model).fit(features, y)
    found = {
        loss: made(model, loss=loss, quantile=0.9).fit(features, y)
        for loss in ("huber", "absolute_error", "quantile")
    }
    # The errors' deviation, in the unit of each loss.
    scale = np.median(np.abs(y - np.median(y))) / 0.6745
    normal = {"absolute_error": np.sqrt(np.pi / 2), "quantile": 0.09 / 0.17550}
    relative = {name: each.alpha_ / squared.alpha_ for name, each in found.items()}
    assert_allclose(relative["huber"], 1, rtol=0.1)
    for name, expected in normal.items():
        assert_allclose(relative[name], expected * scale / 0.1, rtol=0.15)


@each_family
def test_far_values_do_not_rule_robust_losses(family):
    far = Y.copy()
    far[7] = 1e6
    others = np.delete(np.arange(60), 7)
    for loss in ("absolute_error", "huber", "quantile"):
        model = made(family, loss=loss)
        near, moved = (clone(model).fit(X, y).predict(X[others]) for y in (Y, far))
        assert np.abs(moved - near).max() < Y.std()
    squared = clone(family).fit(X, far).predict(X[others])
    assert np.abs(squared - Y[others]).max() > 100 * Y.std()


@each_family
@each_loss
def test_a_row_twice_is_a_row_of_weight_two(family, options):
    model = made(family, alpha=0.1, init="random", **options)
    if family is NET:
        model.set_params(geometry="orthogonal")
    twice = np.r_[np.arange(60), np.arange(20)]
    weight = np.r_[np.full(20, 2.0), np.ones(40)]
    weighted = clone(model).fit(X, Y, weight).predict(X)
    assert_allclose(
        clone(model).fit(X[twice], Y[twice]).predict(X), weighted, rtol=1e-6
    )


@each_loss
def test_members_go_together_before_the_link(options):
    model = made(NET, **options).fit(X, Y)
    each, mean = model.predict_members(X), model.predict(X)
    assert len(each) == 2 and np.ptp(each, axis=0).max() > 0
    if options["loss"] in ("poisson", "gamma"):
        assert_allclose(np.log(mean), np.log(each).mean(axis=0))
    elif "quantile" not in options:
        assert_allclose(mean, each.mean(axis=0))


@each_family
def test_quantiles_do_not_cross_and_cover(family):
    """Also where there is nothing to be learned of the mean, only of the spread."""
    columns = np.c_[np.linspace(-1, 1, 400), rng.standard_normal(400)]
    noise = rng.standard_normal(400) * np.exp(columns[:, 0])
    levels = [0.1, 0.4, 0.5, 0.9]
    model = made(family, loss="quantile", quantile=levels, batch_size=50, max_iter=20)
    predicted = model.fit(columns, noise).predict(columns)
    assert predicted.shape == (400, 4)
    assert (np.diff(predicted) >= 0).all()
    assert_allclose((noise[:, None] <= predicted).mean(axis=0), levels, atol=0.05)
    spread = predicted[:, 3] - predicted[:, 0]
    assert spread[-40:].mean() > 2 * spread[:40].mean()


def test_one_quantile_in_a_list_has_a_column():
    model = made(HALF, loss="quantile", quantile=[0.3]).fit(X, Y)
    one = made(HALF, loss="quantile", quantile=0.3).fit(X, Y)
    assert_allclose(model.predict(X), one.predict(X)[:, None])


@each_family
@each_loss
def test_several_outputs(family, options):
    """The same twice is trained as once: Adam does not mind half of a gradient."""
    model, both = made(family, **options), np.c_[Y, Y]
    if "quantile" in options:
        with pytest.raises(ValueError, match="several quantiles are predicted of one"):
            model.fit(X, both)
        return
    one, found = clone(model).fit(X, Y).predict(X), model.fit(X, both).predict(X)
    # The error of the row at the median is zero, or 1e-16.
    has_kinks = options["loss"] in ("absolute_error", "quantile")
    assert_allclose(found, np.c_[one, one], rtol=1e-2 if has_kinks else 1e-4)


@each_family
@each_loss
def test_score_is_that_of_scikit_learn(family, options):
    model = made(family, **options).fit(X, Y)
    predicted, found = model.predict(X), model.score(X, Y, WEIGHT)
    weight = {"sample_weight": WEIGHT}
    if "quantile" in options:
        expected = np.mean(
            [
                d2_pinball_score(Y, predicted[:, k], alpha=q, **weight)
                for k, q in enumerate(options["quantile"])
            ]
        )
    elif options["loss"] in ("poisson", "gamma"):
        power = 1 if options["loss"] == "poisson" else 2
        expected = d2_tweedie_score(Y, predicted, power=power, **weight)
    else:
        expected = r2_score(Y, predicted, **weight)
    assert_allclose(found, expected)


# -- what is refused -------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss, bad", [("poisson", -1.0), ("gamma", 0.0), ("gamma", -1.0)]
)
def test_values_out_of_range(loss, bad):
    wrong = Y.copy()
    wrong[3] = bad
    model, message = made(HALF, loss=loss), "out of the valid range of the loss"
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=message):
            fit(X, wrong)
    with pytest.raises(ValueError, match=f"In X_val and y_val: .*{message}"):
        model.fit(X, Y, X_val=X, y_val=wrong)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(X, Y).partial_fit(X, wrong)


def test_counts_that_are_all_zero():
    model = made(HALF, loss="poisson")
    with pytest.raises(ValueError, match="valid range"):
        model.fit(X, np.zeros(60))
    # A chunk of rows may hold none.
    model.partial_fit(X, COUNTS).partial_fit(X, np.zeros(60))
    held = {"X_val": X[:5], "y_val": np.zeros(5)}
    model.fit(X, COUNTS, **held)
    assert np.isfinite(model.validation_scores_).all()


@each_loss
def test_lbfgs_needs_gradients(options):
    model = made(HALF, solver="lbfgs", max_iter=40, **options)
    if options["loss"] in ("absolute_error", "quantile"):
        with pytest.raises(ValueError, match="solver='lbfgs' needs a loss"):
            model.fit(X, Y)
        return
    model.fit(X, Y)
    assert model.loss_ <= model.loss_curve_[0]


@pytest.mark.parametrize("quantile", [0, 1.0, "half", [0.5, 0.5], [0.9, 0.1], [], [2]])
def test_quantiles_that_are_none(quantile):
    with pytest.raises(ValueError, match="quantile"):
        made(HALF, loss="quantile", quantile=quantile).fit(X, Y)


def test_losses_that_are_none():
    for wrong in ({"loss": "pinball"}, {"loss": "huber", "epsilon": 0}):
        with pytest.raises(ValueError, match="parameter of HalfLayerRegressor"):
            made(HALF, **wrong).fit(X, Y)


@pytest.mark.parametrize("family, polish", [(HALF, True), (NET, "ridge")])
def test_polish_is_for_squared_errors(family, polish):
    with pytest.raises(ValueError, match=r"polish=.* minimises the squared error"):
        made(family, polish=polish, loss="poisson").fit(X, Y)


def test_resample_refits_by_the_loss():
    model = made(NET, max_iter=30, loss="poisson").fit(X, COUNTS)
    again = model.resample(X, COUNTS, random_state=1)
    assert again.score(X, COUNTS) > 0.2
    made(NET, loss="poisson", resample_every=2).fit(X, COUNTS)
    for loss in ("absolute_error", "quantile"):
        with pytest.raises(ValueError, match="resample cannot refit"):
            made(NET, loss=loss).fit(X, Y).resample(X, Y)


# -- going on --------------------------------------------------------------------------


@each_family
@each_loss
def test_chunks_and_warm_starts(family, options):
    model = made(family, **options).partial_fit(X, Y)
    unit = model.model_.targets.scale
    model.partial_fit(X[:30], Y[:30])
    assert_array_equal(model.model_.targets.scale, unit)
    warm = made(family, warm_start=True, **options).fit(X, Y)
    first = warm.loss_
    assert warm.fit(X, Y).loss_ < first
    other = "gamma" if options["loss"] == "huber" else "huber"
    for goes_on in (model.partial_fit, warm.fit):
        goes_on.__self__.set_params(loss=other)
        with pytest.raises(ValueError, match=r"loss.* changed since"):
            goes_on(X, Y)


def test_another_quantile_is_another_network():
    model = made(HALF, loss="quantile").partial_fit(X, Y).set_params(quantile=0.6)
    with pytest.raises(ValueError, match="quantile changed since"):
        model.partial_fit(X, Y)


@each_loss
def test_rows_held_out_say_when_to_stop(options):
    model = made(HALF, early_stopping=True, **options).fit(X, Y)
    best = np.argmax(model.validation_scores_)
    assert best == np.argmin(model.validation_losses_)
    assert model.n_iter_ >= best + 1


@each_loss
def test_dropout_is_chosen_by_the_loss(options, monkeypatch):
    seen = []
    from sklearn_halfnet.models import regularisation

    loss_of = regularisation.held_out_loss

    def watched(model, rows, options):
        seen.append((loss_of(model, rows, options), options.dropout))
        return seen[-1][0]

    monkeypatch.setattr(regularisation, "held_out_loss", watched)
    rows, y = np.tile(X, (2, 1)), np.tile(Y, 2)
    model = made(HALF, dropout="auto", batch_size=32, **options).fit(rows, y)
    _, *trained = seen
    assert model.dropout_ == min(trained)[1] and len(trained) >= 3


# -- a function of the user's ----------------------------------------------------------


def halved_squares(y_pred, y_true):
    return (y_pred - y_true).square() / 2


def of_two(y_pred, y_true):
    return (y_pred - y_true).square().sum(dim=1)


@each_family
def test_a_function_is_minimised(family):
    """Adam takes the same steps whatever a loss is multiplied by."""
    own = made(family, loss=halved_squares, alpha=0).fit(X, Y)
    assert_allclose(
        own.predict(X), made(family, alpha=0).fit(X, Y).predict(X), rtol=1e-4
    )
    loaded = pickle.loads(pickle.dumps(own))
    assert_array_equal(loaded.predict(X), own.predict(X))
    made(family, loss=of_two).fit(X, np.c_[Y, Y])


def test_strength_of_a_function_is_that_of_the_same_loss():
    squared = clone(HALF).fit(X, Y)
    own = made(HALF, loss=halved_squares).fit(X, Y)
    assert_allclose(own.alpha_, squared.alpha_ * Y.var(), rtol=1e-3)


def test_a_function_sees_y_as_it_is():
    seen = []

    def loss(y_pred, y_true):
        seen.append(y_true.detach().numpy().copy())
        return (y_pred - y_true).abs()

    made(HALF, loss=loss).fit(X, Y)
    assert_allclose(np.sort(seen[-1]), np.sort(Y), rtol=1e-9)


@pytest.mark.parametrize(
    "loss", [lambda p, t: (p - t).square().mean(), lambda p, t: 1.0]
)
def test_a_function_must_give_one_loss_a_row(loss):
    with pytest.raises(ValueError, match=r"one loss a row, of shape \(60,\)"):
        made(HALF, loss=loss).fit(X, Y)


# -- other ways ------------------------------------------------------------------------


@each_family
@each_loss
def test_pickles(family, options):
    model = made(family, **options).fit(X, Y)
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.score(X, Y) == model.score(X, Y)


@each_loss
@pytest.mark.parametrize("run", [run_onnx, run_c], ids=["onnx", "c"])
@each_family
def test_exports(family, run, options, tmp_path):
    model = made(family, **options).fit(X, Y)
    found = run(model, X, tmp_path, dtype="float64")["variable"]
    assert_allclose(found, model.predict(X).reshape(60, -1), rtol=1e-9)


def test_exports_put_quantiles_in_order(tmp_path):
    """Where a network's own outputs are not."""
    levels = (0.3, 0.4, 0.5, 0.6)
    model = made(HALF, loss="quantile", quantile=levels, max_iter=60).fit(X, Y)
    far = 20 * rng.standard_normal((60, 4))
    scores = model.model_.scores(far)
    assert (np.diff(scores) < 0).any()
    assert_array_equal(model.predict(far), np.sort(scores, axis=1))
    for run in (run_onnx, run_c):
        found = run(model, far, tmp_path, dtype="float64")["variable"]
        assert_allclose(found, model.predict(far), rtol=1e-9)


@each_loss
def test_half_layers_on_dask(options):
    model = made(HALF, solver="lbfgs", column_embedding=None, **options)
    blocks = da.from_array(X, (17, 4)), da.from_array(Y, 17)
    if options["loss"] in ("absolute_error", "quantile"):
        with pytest.raises(ValueError, match="solver='lbfgs' needs a loss"):
            sklearn_halfnet.dask.fit(model, *blocks)
        return
    found = sklearn_halfnet.dask.fit(clone(model), *blocks).predict(X)
    assert_allclose(found, model.fit(X, Y).predict(X), rtol=1e-5)


def test_dask_refuses_values_out_of_range():
    wrong = da.from_array(-Y, 17)
    model = made(HALF, solver="lbfgs", loss="poisson")
    with pytest.raises(ValueError, match="valid range"):
        sklearn_halfnet.dask.fit(model, da.from_array(X, (17, 4)), wrong)


IMAGES = {"image_shape": (2, 2), "random_state": 0, "max_iter": 3}
CONV = {"filters": (2,), "kernel_sizes": (1,), "paddings": ("same",), "pool_size": 1}


@pytest.mark.parametrize(
    "family",
    [
        ConvHalfLayerRegressor(6, **CONV, **IMAGES),
        PartialCNNRegressor(depth=3, width=16, architecture="vgg", **IMAGES),
    ],
    ids=["convolutions", "partial CNN"],
)
@each_loss
def test_networks_of_images(family, options):
    model = made(family, **options).fit(X, Y)
    predicted = model.predict(X)
    assert predicted.shape == ((60, 3) if "quantile" in options else (60,))
    if options["loss"] in ("poisson", "gamma"):
        assert (predicted > 0).all()
        expected = predicted.reshape(60)
        assert_allclose(expected, np.exp(model.model_.scores(X)[:, 0]))
    assert np.isfinite(model.score(X, Y))


def test_predictions_too_large_for_a_number():
    model = made(HALF, loss="poisson", activation="identity", input_scaling=None)
    model.fit(X, COUNTS)
    row = np.sign(np.linalg.lstsq(X, model.model_.scores(X)[:, 0], rcond=None)[0])
    with pytest.raises(ValueError, match="not finite"):
        model.predict(1e6 * row[None])
